import { CollectorError } from '../../core/errors.ts';
import { BodyTooLargeError, UnknownCodingError } from './body.ts';
import { BodyDamagedError } from './exchange.ts';

/** OpenSSL's and Node's codes for a certificate that is not trusted: asking again changes nothing. */
const certificateCodes: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UND_ERR_PRX_TLS',
]);

/** Node's, OpenSSL's or undici's code of an error; that of the first cause for several at once. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? systemCodeOf(error.errors[0]) : undefined;
}

/** Whether the server's certificate was refused. */
export function isCertificateError(error: unknown): boolean {
  return certificateCodes.has(systemCodeOf(error) ?? '');
}

/** Whether the request itself cannot be sent: a header with a line break, say. */
export function isInvalidRequest(error: unknown): boolean {
  return systemCodeOf(error) === 'UND_ERR_INVALID_ARG';
}

/** Nobody was there to send anything to. */
const unreachedCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NODATA',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether what an exchange threw shows that the request did not reach its server. */
export function hasNeverLeft(error: unknown): boolean {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  // Later on a connection breaks with the same codes (ETIMEDOUT), but then in a read.
  const isConnecting =
    first instanceof Error &&
    'syscall' in first &&
    /^(connect|getaddrinfo)/.test(String(first.syscall));
  return (
    isConnecting ||
    unreachedCodes.has(systemCodeOf(error) ?? '') ||
    isCertificateError(error) ||
    isInvalidRequest(error)
  );
}

/** Whether what an exchange threw means that the host, or the way to it, is in trouble. Our own errors do not say so. */
export function isTransportTrouble(error: unknown): boolean {
  return !(
    error instanceof CollectorError ||
    error instanceof BodyTooLargeError ||
    error instanceof UnknownCodingError ||
    error instanceof BodyDamagedError ||
    isCertificateError(error) ||
    isInvalidRequest(error)
  );
}

/** Whether an answer's status means that the host is in trouble. */
export function isTroubleStatus(status: number): boolean {
  return status >= 500;
}

/**
 * Chromium's names of network errors, as the codes that Node has for the same: what follows from them is decided in one
 * place, for every source (`sources/http/failures.ts`).
 */
const nodeCodes: ReadonlyMap<string, string> = new Map([
  ['ERR_NAME_NOT_RESOLVED', 'ENOTFOUND'],
  ['ERR_NAME_RESOLUTION_FAILED', 'EAI_AGAIN'],
  ['ERR_INTERNET_DISCONNECTED', 'EAI_AGAIN'],
  ['ERR_DNS_TIMED_OUT', 'EAI_AGAIN'],
  ['ERR_CONNECTION_REFUSED', 'ECONNREFUSED'],
  ['ERR_CONNECTION_RESET', 'ECONNRESET'],
  ['ERR_CONNECTION_CLOSED', 'ECONNRESET'],
  ['ERR_CONNECTION_ABORTED', 'ECONNRESET'],
  ['ERR_EMPTY_RESPONSE', 'ECONNRESET'],
  ['ERR_ADDRESS_UNREACHABLE', 'EHOSTUNREACH'],
  ['ERR_NETWORK_CHANGED', 'ENETDOWN'],
  ['ERR_CONNECTION_TIMED_OUT', 'ETIMEDOUT'],
  ['ERR_TIMED_OUT', 'ETIMEDOUT'],
  ['ERR_CERT_DATE_INVALID', 'CERT_HAS_EXPIRED'],
  ['ERR_CERT_COMMON_NAME_INVALID', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['ERR_CERT_AUTHORITY_INVALID', 'CERT_UNTRUSTED'],
  ['ERR_CERT_REVOKED', 'CERT_REVOKED'],
  ['ERR_INVALID_ARGUMENT', 'UND_ERR_INVALID_ARG'],
]);

/** A page could not be had: no connection, no answer that is one. */
export class NavigationError extends Error {
  /** Node's code where it has one for the same, else Chromium's. */
  readonly code: string;

  constructor(chromiumName: string) {
    super(`net::${chromiumName}`);
    this.name = 'NavigationError';
    const isCertificate = chromiumName.startsWith('ERR_CERT_');
    this.code = nodeCodes.get(chromiumName) ?? (isCertificate ? 'CERT_REJECTED' : chromiumName);
  }
}

/** Chromium's name of the network error that a message of Playwright's tells of: "net::ERR_ABORTED at …". */
export function netErrorIn(message: string): string | undefined {
  return /\bnet::(ERR_\w+)/.exec(message)?.[1];
}

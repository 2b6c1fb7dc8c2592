import { STATUS_CODES } from 'node:http';
import { errors } from './undici.ts';
import {
  RetryError,
  ThrottledError,
  UnitFailedError,
  type CollectorError,
} from '../../core/errors.ts';
import { BodyTooLargeError, UnknownCodingError } from './body.ts';
import {
  BodyCutError,
  BodyDamagedError,
  DeadlineError,
  type ExchangeResponse,
} from './exchange.ts';
import { excerptOf } from './response.ts';
import { rateLimitResetMs, retryAfterMs } from './retryAfter.ts';
import { isCertificateError, isInvalidRequest, systemCodeOf } from './trouble.ts';

/** What an error about a request says about it. */
export interface RequestFacts {
  readonly method: string;
  /** Free of secrets. */
  readonly url: string;
  readonly host: string;
  /** Takes secrets out of what others say. */
  readonly redact: (text: string) => string;
}

const proxyRefused = /Proxy Authentication Required|Proxy response \(407\)/;
const dnsCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA']);

/**
 * What follows from an exchange that brought no answer. Everything is tried again that may pass: also a host name that
 * is not found, since a laptop that is offline gives just that.
 */
export function transportFailure(error: unknown, facts: RequestFacts): CollectorError {
  const data = { url: facts.url, host: facts.host };
  const what = `${facts.method} ${facts.url}`;
  const message = facts.redact(messageOf(error));
  const retry = (code: string, text: string): RetryError =>
    new RetryError(code, `${what}: ${text}`, { data, cause: error });
  const fail = (code: string, text: string): UnitFailedError =>
    new UnitFailedError(code, `${what}: ${text}`, data, error);

  if (error instanceof BodyTooLargeError)
    return fail(
      'BODY_TOO_LARGE',
      `the body is larger than ${error.maxBytes} bytes. Raise request.maxBodyBytes to take it.`,
    );
  if (error instanceof UnknownCodingError) return fail('BODY_ENCODING_UNKNOWN', message);
  if (error instanceof DeadlineError)
    return retry('REQUEST_TIMEOUT', `no complete answer within ${error.timeoutMs} ms.`);
  if (error instanceof BodyDamagedError)
    return retry('BODY_DAMAGED', `${message} (${facts.redact(messageOf(error.cause))})`);
  if (error instanceof BodyCutError)
    return retry('BODY_CUT', `${message} (${facts.redact(messageOf(error.cause))})`);
  if (isCertificateError(error))
    return fail(
      'TLS_CERTIFICATE',
      `the certificate of ${facts.host} is not trusted: ${message}. If it is your own, add its authority to the ` +
        'system certificates or to NODE_EXTRA_CA_CERTS.',
    );
  if (proxyRefused.test(message))
    return fail('PROXY_UNAUTHORIZED', 'the proxy asks for a user name and password.');
  if (isInvalidRequest(error)) return fail('REQUEST_INVALID', message);

  const code = systemCodeOf(error) ?? '';
  if (dnsCodes.has(code)) return retry('DNS_NOT_FOUND', `the host name is not found (${code}).`);
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT')
    return retry('CONNECT_TIMEOUT', `no connection: ${message}`);
  if (error instanceof errors.HTTPParserError)
    return retry('RESPONSE_MALFORMED', `not HTTP: ${message}`);
  return retry('CONNECTION_FAILED', message);
}

/** What follows from an answer with a status that the caller does not accept. */
export interface StatusFailure {
  readonly kind: 'retry' | 'throttled' | 'failed';
  readonly code: string;
  /** How long the server asks to wait. */
  readonly delayMs: number | undefined;
}

/** GitHub asks for a minute where it limits without a header that says how long. */
const unsaidLimitMs = 60_000;

/** The rule for a status. */
export function statusRule(response: ExchangeResponse, nowMs: number): StatusFailure {
  const { status, headers } = response;
  const after = retryAfterMs(one(headers['retry-after']), nowMs);
  const failed = (code: string): StatusFailure => ({ kind: 'failed', code, delayMs: undefined });
  switch (status) {
    case 401:
      return failed('HTTP_UNAUTHORIZED');
    case 404:
      return failed('HTTP_NOT_FOUND');
    case 407:
      return failed('PROXY_UNAUTHORIZED');
    case 408:
    case 425:
      return { kind: 'retry', code: `HTTP_${status}`, delayMs: after };
    case 410:
      return failed('HTTP_GONE');
    case 403:
      // GitHub's ways of saying "too many requests".
      if (after !== undefined || one(headers['x-ratelimit-remaining']) === '0')
        return throttled('HTTP_RATE_LIMITED', headers, after, nowMs);
      return /\brate limit|abuse detection/i.test(excerptOf(response))
        ? { kind: 'throttled', code: 'HTTP_RATE_LIMITED', delayMs: unsaidLimitMs }
        : failed('HTTP_FORBIDDEN');
    case 429:
      return throttled('HTTP_RATE_LIMITED', headers, after, nowMs);
    case 503:
      return after === undefined
        ? { kind: 'retry', code: 'HTTP_503', delayMs: undefined }
        : { kind: 'throttled', code: 'HTTP_UNAVAILABLE', delayMs: after };
    default:
      return status >= 500
        ? { kind: 'retry', code: `HTTP_${status}`, delayMs: after }
        : failed(`HTTP_${status}`);
  }
}

/**
 * The error for a status that is not accepted.
 *
 * @param delayMs how long a throttled host is left alone; else the least wait before a retry.
 * @param excerpt the beginning of the body.
 */
export function statusFailure(
  rule: StatusFailure,
  status: number,
  delayMs: number | undefined,
  facts: RequestFacts,
  excerpt: string,
): CollectorError {
  const data = { url: facts.url, host: facts.host, status };
  const said = excerpt === '' ? '' : `: ${facts.redact(excerpt)}`;
  const message = `${facts.method} ${facts.url} was answered ${status} ${STATUS_CODES[status] ?? ''}`;
  switch (rule.kind) {
    case 'retry':
      return new RetryError(rule.code, `${message}${said}`, {
        data,
        ...(delayMs === undefined ? {} : { delayMs }),
      });
    case 'throttled':
      return new ThrottledError(
        rule.code,
        `${message}; the host is left alone for ${((delayMs ?? 0) / 1000).toFixed(1)} s.`,
        delayMs ?? 0,
        { data },
      );
    case 'failed':
      return new UnitFailedError(rule.code, `${message}${said}`, data);
  }
}

function throttled(
  code: string,
  headers: ExchangeResponse['headers'],
  after: number | undefined,
  nowMs: number,
): StatusFailure {
  const delayMs =
    after ??
    rateLimitResetMs(one(headers['x-ratelimit-reset']) ?? one(headers['ratelimit-reset']), nowMs);
  return { kind: 'throttled', code, delayMs };
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

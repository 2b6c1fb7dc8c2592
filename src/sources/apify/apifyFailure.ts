import { ApifyApiError } from 'apify-client';
import {
  CollectorError,
  messageOf,
  PauseError,
  RetryError,
  ThrottledError,
  UnitFailedError,
} from '../../core/errors.ts';

/** What an error is told with. */
export interface FailureFacts {
  /** What was to be done: "starting a run of apidojo/tweet-scraper". */
  readonly what: string;
  readonly actor: string;
  readonly redact: (text: string) => string;
  /** How long to wait where Apify says "not now" without saying how long. */
  readonly notNowMs: number;
}

/** Apify's own names of what passes by itself. */
const notNow: ReadonlySet<string> = new Set([
  'actor-memory-limit-exceeded',
  'concurrent-runs-limit-exceeded',
  'rate-limit-exceeded',
]);

/** Of Apify's own names, those of an account that has no money or quota left. */
const noUsage: ReadonlySet<string> = new Set([
  'not-enough-usage-to-run-paid-actor',
  'monthly-usage-limit-too-low',
  'platform-feature-disabled',
]);

/** Codes of our own errors of requests that did not leave, or were turned away at the door. */
const neverLeft: ReadonlySet<string> = new Set([
  'HOST_RESTING',
  'CIRCUIT_OPEN',
  'REQUESTS_USED_UP',
  'SECRET_MISSING',
  'PROXY_INVALID',
  'PROXY_UNAUTHORIZED',
  'DNS_NOT_FOUND',
  'TLS_CERTIFICATE',
  'URL_INVALID',
  'REQUEST_INVALID',
  'HTTP_RATE_LIMITED',
]);

/**
 * Why a call that was to start a run has surely not started one; undefined where it may have. An answer with a status of
 * 4xx says no; a connection that breaks, a timeout, 408, 5xx and an answer that is none say nothing.
 */
export function whyNotStarted(error: unknown): string | undefined {
  if (error instanceof ApifyApiError) {
    const { statusCode, type } = error;
    if (statusCode < 400 || statusCode >= 500 || statusCode === 408) return undefined;
    return `HTTP ${statusCode}${type === undefined ? '' : ` ${type}`}: no run was started`;
  }
  if (!(error instanceof CollectorError)) return undefined;
  if (neverLeft.has(error.code)) return `${error.code}: no run was started`;
  return isRefused(error.cause) ? 'connection refused: no run was started' : undefined;
}

/** Whether nobody listened at all. */
function isRefused(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.every(isRefused);
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

/** What follows from anything that the client throws. */
export function apifyFailure(error: unknown, facts: FailureFacts): CollectorError {
  if (error instanceof CollectorError) return error;
  const said = facts.redact(messageOf(error));
  if (!(error instanceof ApifyApiError)) {
    return new RetryError('APIFY_ANSWER_UNCLEAR', `${facts.what}: ${said}`);
  }
  const { statusCode: status, type = '' } = error;
  const data = { actor: facts.actor, status, type };
  const message = `${facts.what} was refused by Apify: ${said} (${status}${type === '' ? '' : ` ${type}`}).`;
  const fails = (code: string, hint = ''): UnitFailedError =>
    new UnitFailedError(code, `${message}${hint}`, data);
  const pauses = (code: string, hint: string, reason: 'setup' | 'budget' = 'setup'): PauseError =>
    new PauseError(code, `${message}${hint}`, data, { reason });

  if (notNow.has(type) || status === 429) {
    return new ThrottledError('APIFY_NOT_NOW', message, facts.notNowMs, { data });
  }
  if (noUsage.has(type)) return pauses('APIFY_NO_USAGE_LEFT', noUsageHint, 'budget');
  if (type === 'max-total-charge-usd-below-minimum') {
    return fails('APIFY_CHARGE_TOO_LOW', ' Raise source.maxUsdPerRun: this actor asks for more.');
  }
  if (type === 'actor-is-not-rented') {
    return pauses('APIFY_ACTOR_NOT_RENTED', ' Rent it in the Apify Console, then resume.');
  }
  switch (status) {
    case 401:
      return pauses('APIFY_TOKEN_REFUSED', tokenHint);
    case 402:
      return pauses('APIFY_NO_USAGE_LEFT', noUsageHint, 'budget');
    case 403:
      return pauses(
        'APIFY_FORBIDDEN',
        ' Give the token (or its account) access to the actor, then resume.',
      );
    case 404:
      // Without a token, or with one of somebody else, all that is private is not found.
      return type.includes('token')
        ? pauses('APIFY_TOKEN_REFUSED', tokenHint)
        : fails('APIFY_NOT_FOUND', ` Is "${facts.actor}" the actor's name, and not its title?`);
    case 408:
      return new RetryError('APIFY_TIMEOUT', message, { data });
    case 400:
      return fails(
        'APIFY_INPUT_REFUSED',
        " Compare source.input with the actor's input schema in the Apify Console.",
      );
    default:
      return status >= 500
        ? new RetryError(`APIFY_HTTP_${status}`, message, { data })
        : fails(`APIFY_HTTP_${status}`);
  }
}

const tokenHint = ' Set the secret anew (Collector: Set Secret), then resume.';
const noUsageHint = ' Raise the limit, or add to the balance, in the Apify Console, then resume.';

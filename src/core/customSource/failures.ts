import { assertNever } from '../assert.ts';
import {
  codeOf,
  CollectorError,
  messageOf,
  PauseError,
  RetryError,
  ThrottledError,
  UnitBlockedError,
  UnitFailedError,
  UnitSkippedError,
} from '../errors.ts';
import type { FailureKind, WireFailure } from './wire.ts';

/** An error on its way to the other side: the RPC takes its code, its message and its data along. */
export class FailureInTransit extends Error {
  readonly code: string;
  readonly data: WireFailure;

  constructor(code: string, message: string, data: WireFailure) {
    super(message);
    this.name = 'FailureInTransit';
    this.code = code;
    this.data = data;
  }
}

/** Where in the person's code something was thrown: "source.mjs:12:5". */
export type PlaceOf = (error: Error) => string | undefined;

/** Anything thrown, made ready to cross. An error of ours keeps its class, code and facts. */
export function inTransit(error: unknown, placeOf: PlaceOf = () => undefined): FailureInTransit {
  if (error instanceof FailureInTransit) return error;
  const kind = kindOf(error);
  const isOurs = error instanceof CollectorError;
  // Of an error that was made to be thrown, the message is all there is to say.
  const place = isOurs || !(error instanceof Error) ? undefined : placeOf(error);
  const delayMs =
    error instanceof RetryError || error instanceof ThrottledError ? error.delayMs : undefined;
  return new FailureInTransit(kind === 'bug' ? 'SOURCE_THREW' : codeOf(error), wordsOf(error), {
    kind,
    delayMs: delayMs ?? null,
    reason: error instanceof PauseError ? error.reason : null,
    data: isOurs ? error.data : {},
    place: place ?? null,
  });
}

/**
 * The error of an RPC as one of ours; undefined when it is none that was made by {@link inTransit}.
 *
 * @param name what the source is called in front of messages of errors that it did not mean to throw.
 */
export function fromTransit(error: unknown, name: string): CollectorError | undefined {
  const failure = failureIn(error);
  if (failure === undefined) return undefined;
  const { kind, data, place } = failure;
  const options = { data: place === null ? data : { ...data, place } };
  const code = codeOf(error);
  const message = messageOf(error);
  const delayMs = failure.delayMs ?? undefined;
  switch (kind) {
    case 'retry':
      return new RetryError(
        code,
        message,
        delayMs === undefined ? options : { ...options, delayMs },
      );
    case 'throttled':
      return new ThrottledError(code, message, delayMs ?? 0, options);
    case 'failed':
      return new UnitFailedError(code, message, options.data);
    case 'skipped':
      return new UnitSkippedError(code, message, options.data);
    case 'blocked':
      return new UnitBlockedError(code, message, options.data);
    case 'pause':
      return new PauseError(code, message, options.data, { reason: failure.reason ?? 'setup' });
    case 'bug':
      return new UnitFailedError(code, `${place ?? name}: ${message}`, options.data);
    default:
      return assertNever(kind, 'kind of failure');
  }
}

function failureIn(error: unknown): WireFailure | undefined {
  const data = error instanceof Error && 'data' in error ? error.data : undefined;
  if (typeof data !== 'object' || data === null || !('kind' in data)) return undefined;
  return data as WireFailure;
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof RetryError) return 'retry';
  if (error instanceof ThrottledError) return 'throttled';
  if (error instanceof UnitFailedError) return 'failed';
  if (error instanceof UnitSkippedError) return 'skipped';
  if (error instanceof UnitBlockedError) return 'blocked';
  if (error instanceof PauseError) return 'pause';
  return 'bug';
}

/** An error's message with what caused it: `fetch failed` alone says nothing. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${describe(error)}, which is no Error`;
  const name = error.name === 'Error' || error instanceof CollectorError ? '' : `${error.name}: `;
  const { cause } = error;
  const because = cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : '';
  return `${name}${error.message}${because}`;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 200));
  return value === null || typeof value !== 'object' ? String(value) : 'an object';
}

import type { PauseReason } from './events.ts';
import type { JsonObject } from './json.ts';

/**
 * The errors of the project, named by what happens next. `code` is stable and never translated; `data` holds the facts
 * (file, line, field, url …) from which the edge (`src/host`, `src/cli`) makes words for people. `message` is plain
 * English that says what, where and what to do next, for logs and the terminal.
 */
export abstract class CollectorError extends Error {
  readonly code: string;
  readonly data: JsonObject;

  constructor(code: string, message: string, data: JsonObject = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.data = data;
    this.name = new.target.name;
  }
}

/** One thing wrong with a collection file, a command line or a setting. Lines and columns count from 1. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** Where in the file: `source.fields.title`; empty for the whole. */
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
  readonly length?: number;
  /** What was probably meant: "follow" for "folow". */
  readonly suggestion?: string;
  /** Absolute path of a file that is not there and could be made. */
  readonly missingFile?: string;
}

/** Nothing starts until a person has corrected the input. */
export class UsageError extends CollectorError {}

/** Nothing starts until the collection file is corrected; `problems` lists everything wrong with it at once. */
export class ConfigError extends UsageError {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map((p) => {
      const place = p.line === undefined ? file : `${file}:${p.line}:${p.column ?? 1}`;
      const hint = p.suggestion === undefined ? '' : ` Did you mean "${p.suggestion}"?`;
      return `${place}: ${p.path === '' ? '' : `${p.path}: `}${p.message}${hint}`;
    });
    super('CONFIG_INVALID', lines.join('\n'), { file });
    this.file = file;
    this.problems = problems;
  }
}

/** Another process (or another window) holds the session: nothing is done, the holder is named. */
export class HeldError extends CollectorError {}

/** The unit is tried again after a while; costs one of its attempts. */
export class RetryError extends CollectorError {
  /** Wait at least this long; undefined leaves it to the backoff. */
  readonly delayMs: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { delayMs?: number; data?: JsonObject; cause?: unknown } = {},
  ) {
    super(code, message, options.data, options.cause);
    this.delayMs = options.delayMs;
  }
}

/**
 * "Not now" from the other side (429, `Retry-After`, an open circuit, robots.txt out of reach): the unit goes back
 * without losing an attempt, and its lane (host) is left alone for `delayMs`.
 */
export class ThrottledError extends CollectorError {
  readonly delayMs: number;

  constructor(
    code: string,
    message: string,
    delayMs: number,
    options: { data?: JsonObject; cause?: unknown } = {},
  ) {
    super(code, message, options.data, options.cause);
    this.delayMs = delayMs;
  }
}

/** The unit is failed at once: trying again would give the same. */
export class UnitFailedError extends CollectorError {}

/** The unit is out of scope or over a limit: counted as skipped. */
export class UnitSkippedError extends CollectorError {}

/** robots.txt forbids the unit: counted as blocked. */
export class UnitBlockedError extends CollectorError {}

/**
 * The session pauses until a person has put right what the error says (a secret that is missing, a limit that is
 * reached); nothing is lost.
 */
export class PauseError extends CollectorError {
  readonly reason: PauseReason;

  constructor(
    code: string,
    message: string,
    data: JsonObject = {},
    options: { reason?: PauseReason; cause?: unknown } = {},
  ) {
    super(code, message, data, options.cause);
    this.reason = options.reason ?? 'setup';
  }
}

/** The storage can't be trusted until the session is opened again: everything stops, nothing more is acknowledged. */
export class FaultError extends CollectorError {}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The stable code of anything thrown: ours, Node's (`ENOSPC`), or `INTERNAL`. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error.code;
  return 'INTERNAL';
}

/** One thing that validating found wrong, or worth knowing. Lines and columns count from 1. */
export interface Finding {
  readonly severity: 'error' | 'warning' | 'info';
  /** Stable: `LINE_NOT_JSON`, `RANGE_CHANGED`, `KEY_TWICE` … */
  readonly code: string;
  /** Plain English: what is wrong, and what to do next. */
  readonly message: string;
  /** Absolute path of the file that it is in. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** The session that the file belongs to, where it does. */
  readonly session?: string;
}

/**
 * The kinds of check. `ranges`: bytes of data files against the journal; `summary`: session.json and its backup; `raw`:
 * pages of raw files; `money`: what was paid for. The last two only where there is something of the kind.
 */
export type CheckName =
  | 'journal'
  | 'lines'
  | 'schema'
  | 'ranges'
  | 'keys'
  | 'counts'
  | 'units'
  | 'checkpoints'
  | 'summary'
  | 'index'
  | 'raw'
  | 'money';

/** What was looked at in one session or one file, and what was found. */
export interface TargetReport {
  /** A session's id, or null for a file that belongs to none. */
  readonly session: string | null;
  /** The collection's name, or the file's. */
  readonly name: string;
  /** Absolute paths of the files that were read. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly records: number;
  readonly checks: readonly ValidationCheck[];
  /** At most {@link maxFindings} of them; `findingCount` says how many there are. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  readonly errorCount: number;
}

/**
 * One kind of check, and how it went: so that a report also says what was not wrong. It `failed` when it found an error;
 * with warnings alone it has `passed`.
 */
export interface ValidationCheck {
  readonly name: CheckName;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** How many things were checked. */
  readonly checked: number;
  /** Why it was skipped, or where it stopped. */
  readonly reason?: string;
}

/** How many findings of one target a report lists. */
export const maxFindings = 1000;

/** What validating came to. */
export interface ValidationReport {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly targets: readonly TargetReport[];
  /** Nothing of severity `error` anywhere. */
  readonly isValid: boolean;
  /** A person ended it early: what is not listed was not looked at. */
  readonly isCancelled: boolean;
}

/**
 * A finding on one line, as compilers write it, so that editors find the place: `$collect` in package.json reads it.
 *
 * @param path the file's name as it is to be shown.
 */
export function findingLine(
  { line, column, severity, code, message }: Finding,
  path: string,
): string {
  const place = line === undefined ? '' : `:${line}:${column ?? 1}`;
  return `${path}${place}: ${severity} ${code}: ${message.replace(/\s*[\r\n]+\s*/g, ' ')}`;
}

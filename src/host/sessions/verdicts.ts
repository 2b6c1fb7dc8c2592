import type { TargetReport, ValidationReport } from '../../core/validation.ts';

/** What validating said about a session or a file. */
export interface Verdict {
  /** Findings of severity `error`. */
  readonly problems: number;
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
}

/** What was to be validated: everything when both are empty. */
export interface ValidationTargets {
  readonly sessions: readonly string[];
  readonly paths: readonly string[];
}

interface Kept extends Verdict {
  /** The session's last journal line then; undefined for a file whose session is not known. */
  readonly seq: number | undefined;
}

/** The last verdicts on sessions and files. One on a session that has changed since is not given any more. */
export class Verdicts {
  readonly #sessions = new Map<string, Kept>();
  readonly #files = new Map<string, Kept>();

  /**
   * Keeps what a report says. A session counts as judged only when it was asked for whole, and nothing does in a
   * report that was cut short.
   *
   * @param seqs the last journal line of each session when validating began.
   */
  record(
    report: ValidationReport,
    { sessions, paths }: ValidationTargets,
    seqs: ReadonlyMap<string, number>,
  ): void {
    if (report.isCancelled) return;
    const atMs = Date.parse(report.startedAt) + report.durationMs;
    const isEverything = sessions.length + paths.length === 0;
    for (const target of report.targets) {
      const seq = target.session === null ? undefined : seqs.get(target.session);
      if (target.session !== null && (isEverything || sessions.includes(target.session))) {
        this.#sessions.set(target.session, { problems: target.errorCount, atMs, seq });
      }
      for (const file of target.files) {
        this.#files.set(file, { problems: problemsIn(target, file), atMs, seq });
      }
    }
  }

  /** The verdict on a session whose journal ends with line `seq`. */
  ofSession(session: string, seq: number): Verdict | undefined {
    return fresh(this.#sessions.get(session), seq);
  }

  /** The verdict on a data file of a session whose journal ends with line `seq`. */
  ofFile(path: string, seq: number): Verdict | undefined {
    return fresh(this.#files.get(path), seq);
  }

  /** Forgets a session that is gone. */
  forget(session: string): void {
    this.#sessions.delete(session);
  }
}

function fresh(kept: Kept | undefined, seq: number): Verdict | undefined {
  return kept?.seq === seq ? kept : undefined;
}

function problemsIn({ findings }: TargetReport, file: string): number {
  return findings.filter((finding) => finding.severity === 'error' && finding.file === file).length;
}

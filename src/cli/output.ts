import type { SessionSnapshot } from '../core/live.ts';
import type { MergeManifest } from '../core/mergeManifest.ts';
import type { SessionResumeResult } from '../core/recoveryData.ts';
import type { SessionView } from '../core/view.ts';
import type { Summary } from './summary.ts';
import { shownLines } from '../core/shownText.ts';

/** Where a run tells how it goes. */
export interface RunOutput {
  /** How often progress is told, milliseconds. */
  readonly everyMs: number;
  started(view: SessionView, recovery: string | undefined): void;
  /** What taking the session up again did. */
  resumed(result: SessionResumeResult): void;
  progress(snapshot: SessionSnapshot): void;
  problem(message: string): void;
  /** A merge is complete. */
  merged(result: { readonly path: string; readonly manifest: MergeManifest }): void;
  /** What a session received was mapped again, to the end. */
  remapped(view: SessionView): void;
  summary(summary: Summary): void;
}

/** NDJSON on standard output, for programs. */
export function jsonOutput(): RunOutput {
  const write = (event: object): void => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  };
  return {
    everyMs: 1000,
    started: ({ session, name, records, units }, recovery) => {
      write({
        type: 'started',
        session,
        name,
        records,
        units,
        ...(recovery === undefined ? {} : { recovery }),
      });
    },
    resumed: (result) => {
      write({ type: 'resumed', ...result });
    },
    progress: ({ view, live }) => {
      const { state, units, records, duplicates, rejected } = view;
      const { recordsPerSecond, etaMs, notYetSafe } = live;
      write({
        type: 'progress',
        state,
        units,
        records,
        duplicates,
        rejected,
        notYetSafe,
        recordsPerSecond,
        etaMs,
      });
    },
    problem: (message) => {
      write({ type: 'problem', message });
    },
    merged: ({ path, manifest }) => {
      write({ type: 'merged', path, ...manifest });
    },
    remapped: ({ remapOf, records, duplicates, rejected }) => {
      const items = records + duplicates + rejected;
      write({ type: 'remapped', of: remapOf, items, records, duplicates, rejected });
    },
    summary: write,
  };
}

/** Lines for people; on a terminal, one that is kept up to date. */
export function textOutput(): RunOutput {
  const { stdout } = process;
  const isTerminal = stdout.isTTY;
  let isLineOpen = false;
  const line = (text: string): void => {
    stdout.write(`${isLineOpen ? '\r\x1b[2K' : ''}${shownLines(text)}\n`);
    isLineOpen = false;
  };
  return {
    everyMs: isTerminal ? 200 : 2000,
    started: ({ session, name, records }, recovery) => {
      line(
        records > 0
          ? `${name}: going on with ${session}, ${records} records so far`
          : `${name}: ${session}`,
      );
      if (recovery !== undefined) line(recovery);
    },
    resumed: ({
      resume_warnings: warnings,
      resume_errors: errors,
      recovery_steps_failed: failed,
    }) => {
      for (const message of [...warnings, ...errors, ...failed]) line(message);
    },
    progress: (snapshot) => {
      const text = progressText(snapshot);
      if (!isTerminal) {
        line(text);
        return;
      }
      stdout.write(`\r\x1b[2K${shownLines(text).slice(0, Math.max(20, stdout.columns - 1))}`);
      isLineOpen = true;
    },
    problem: (message) => {
      line(message);
    },
    merged: ({ path, manifest }) => {
      const { key, onConflict, rejected, rejectedFile } = manifest;
      const by = key === null ? 'the whole record' : key.join(', ');
      line(`Merged by ${by}; of several with one key the ${onConflict} is kept.`);
      const { inputs } = manifest;
      const width = Math.max(...inputs.map(({ file }) => file.length));
      for (const input of inputs) {
        const { file, lines, kept, duplicates, conflicts } = input;
        const counts = `${lines} lines, ${kept} kept, ${duplicates} duplicates (${conflicts} in conflict), ${input.rejected} rejected`;
        line(
          `  ${file.padEnd(width)}  ${counts}${input.error === null ? '' : ': not read to its end'}`,
        );
      }
      if (rejectedFile !== null) line(`${rejected} lines were set aside: ${rejectedFile}`);
      line(`What was made of what: ${path}`);
    },
    remapped: ({ remapOf = '', records, duplicates, rejected, files }) => {
      const items = records + duplicates + rejected;
      line(
        `Mapped ${items} items of ${remapOf} again: ${records} records, ${duplicates} duplicates, ${rejected} rejected.`,
      );
      const rejects = files.find(({ role }) => role === 'rejected');
      if (rejects !== undefined) line(`What was rejected, and why: ${rejects.file}`);
    },
    summary: ({ state, units, records, duplicates, rejected, masters, seconds }) => {
      const { done, failed, skipped, blocked, pending } = units;
      line(
        `${state}: ${records} records (${duplicates} duplicates, ${rejected} rejected) from ${done} units, ` +
          `${failed} failed, ${skipped} skipped, ${blocked} blocked, ${pending} to do, in ${seconds} s`,
      );
      for (const master of masters) line(master);
    },
  };
}

function progressText({ view, live }: SessionSnapshot): string {
  const { done, failed, pending, in_progress: inProgress } = view.units;
  const parts = [
    clock(live.elapsedMs),
    `${view.records} records`,
    `${live.recordsPerSecond.toFixed(1)}/s`,
    `${done} of ${view.unitTotal} units`,
    `${pending + inProgress} to do`,
  ];
  if (failed > 0) parts.push(`${failed} failed`);
  if (view.duplicates > 0) parts.push(`${view.duplicates} duplicates`);
  if (live.notYetSafe > 0) parts.push(`${live.notYetSafe} not yet safe`);
  const newest = view.errors[0];
  if (live.inFlight.length === 0 && newest?.retried === true)
    parts.push(`waiting: ${newest.message}`);
  return parts.join(' · ');
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

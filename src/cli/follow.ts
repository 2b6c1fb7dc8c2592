import { UsageError } from '../core/errors.ts';
import type { RecoveredEvent } from '../core/events.ts';
import { limitInTheWay, type LimitName } from '../core/limits.ts';
import type { Environment } from '../engine/beginRun.ts';
import type { Launched } from '../engine/launch.ts';
import { limitOption } from '../engine/reachedLimits.ts';
import { isMerge, readManifest } from '../engine/merge/manifest.ts';
import type { SessionView } from '../core/view.ts';
import type { SessionRun } from '../engine/sessionRun.ts';
import { nodeFileSystem } from '../storage/fileSystem.ts';
import type { CommandLine } from './command.ts';
import { exitCodeOf, exitCodes } from '../core/exitCodes.ts';
import { limitHeap } from './heapLimits.ts';
import { findSession } from './findSession.ts';
import { jsonOutput, textOutput } from './output.ts';
import { summaryOf } from './summary.ts';

/** Failures that are told at the end of a run. */
const shownFailures = 3;

/** A session with nothing left to do is no error: its summary is all that there is to tell. */
export async function unlessComplete(
  environment: Environment,
  { workspace, isJson }: CommandLine,
  action: () => Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'SESSION_COMPLETE') throw error;
    const id = error.data['session'];
    if (typeof id !== 'string') throw error;
    const session = await findSession(environment, workspace, id);
    const output = isJson ? jsonOutput() : textOutput();
    output.summary(summaryOf(session.layout, session.view, session.view.activeMs));
    return exitCodes.complete;
  }
}

/**
 * Shows a run until it ends; signals stop it in order. Resolves to the exit code.
 *
 * @param track told of the run before it starts.
 */
export async function follow(
  { run, recovered, result }: Launched,
  isJson: boolean,
  track: (run: SessionRun) => void = () => undefined,
): Promise<number> {
  const output = isJson ? jsonOutput() : textOutput();
  const stop = (): void => {
    // The second time the person means it; what is durable is safe either way.
    process.once('SIGINT', () => process.exit(exitCodes.stopped));
    void run.stop('signal');
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  limitHeap(run.store.collection);
  const unlisten = run.onChange(() => {
    if (run.pausedByGuard !== undefined) void run.stop('guard');
  });
  track(run);
  output.started(run.store.view, describeRecovery(recovered));
  if (result !== undefined) output.resumed(result);
  const ticker = setInterval(() => {
    output.progress(run.snapshot());
  }, output.everyMs);
  await run.start();
  const end = await run.finished;
  clearInterval(ticker);
  unlisten();
  process.removeListener('SIGINT', stop);
  process.removeListener('SIGTERM', stop);
  const { view, live } = run.snapshot();
  if (end.error !== undefined) output.problem(end.error.message);
  if (end.pauseMessage !== undefined) {
    const limit = end.pausedBy === 'budget' ? limitUsedUp(view, live.elapsedMs) : undefined;
    const next =
      limit === undefined
        ? `Put that right, then: cf-collect resume ${view.session}`
        : `Raise it and go on: cf-collect resume ${view.session} ${limitOption(limit)} N`;
    output.problem(`${end.pauseMessage} ${next}`);
  }
  for (const message of failuresOf(view)) output.problem(message);
  const { layout } = run.store;
  if (end.state === 'completed' && isMerge(view)) {
    output.merged(await readManifest({ fileSystem: nodeFileSystem }, layout, view));
  }
  if (end.state === 'completed' && view.remapOf !== undefined) output.remapped(view);
  output.summary(summaryOf(layout, view, live.elapsedMs));
  return exitCodeOf({
    state: end.state,
    isPausedByGuard: end.pausedBy !== undefined && end.pausedBy !== 'user',
    failed: view.units.failed,
  });
}

/** The newest failures, and where the others are. */
function failuresOf(view: SessionView): string[] {
  if (view.units.failed === 0) return [];
  const newest = view.errors.filter((error) => !error.retried).slice(0, shownFailures);
  const more = `${view.units.failed} units failed; cf-collect show ${view.session} and the log say more.`;
  return [...newest.map((error) => `${error.key}: ${error.message} (${error.code})`), more];
}

/** The limit that a session was paused by, whose run has ended since. */
function limitUsedUp(view: SessionView, activeMs: number): LimitName | undefined {
  return limitInTheWay({ ...view, state: 'paused', reason: 'budget' }, activeMs)?.name;
}

function describeRecovery(recovered: RecoveredEvent | undefined): string | undefined {
  if (recovered === undefined) return undefined;
  const parts = [
    recovered.requeued > 0 ? `${recovered.requeued} units go on where they were` : '',
    recovered.adopted > 0
      ? `${recovered.adopted} records were found that the journal did not know`
      : '',
    ...recovered.tornFiles.map(
      (t) => `${t.bytes} bytes of ${t.file} were incomplete and are kept in ${t.keptAs}`,
    ),
    recovered.journalGaps > 0 ? `${recovered.journalGaps} places in the journal are damaged` : '',
  ].filter((part) => part !== '');
  return `The last run was interrupted: ${parts.length === 0 ? 'nothing needed mending' : parts.join('; ')}.`;
}

import { codeOf, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import type { SessionResumeResult } from '../../core/recoveryData.ts';
import { listCheckpoints } from '../../storage/checkpointFiles.ts';
import { checkFileEnds } from '../../storage/dataFileCheck.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { writeRecoveryReport } from '../../storage/recoveryReport.ts';
import type { SessionStore, StoragePorts } from '../../storage/sessionStore.ts';
import { withinBudget } from '../../storage/timeBudget.ts';
import { chooseCheckpoint, type ChosenCheckpoint } from './chooseCheckpoint.ts';
import { examineSession } from './examine.ts';
import { planId } from './plan.ts';
import { resumeResult, type Resumption } from './result.ts';
import { retriedUnits } from './retry.ts';

/** An older checkpoint that the session is taken up from, with how many units that gives back. */
export interface GoingBack {
  readonly checkpoint: ChosenCheckpoint;
  readonly unitsAgain: number;
}

/** @throws UsageError where the checkpoint can't be used. */
export async function backTo(
  ports: StoragePorts,
  layout: SessionLayout,
  wanted: string,
): Promise<GoingBack> {
  const checkpoint = await chooseCheckpoint(ports.fileSystem, layout, wanted);
  const { movedSince } = await examineSession(ports, layout, checkpoint);
  const unitsAgain = Object.values(movedSince ?? {}).reduce((sum, count) => sum + count, 0);
  return { checkpoint, unitsAgain };
}

/**
 * Brings failed units of an open session back before it is carried on; resolves to how many.
 *
 * @param wanted their numbers; null for all.
 */
export async function bringFailedBack(
  store: SessionStore,
  wanted: readonly number[] | null,
): Promise<number> {
  const units = await retriedUnits(store, wanted);
  for (const { n, keys } of units) store.expectAgain(n, keys);
  if (units.length > 0) await store.record(...units.flatMap(({ events }) => events));
  return units.length;
}

/** How many of the newest checkpoints are looked at when a session is taken up: validating looks at all. */
const checkedCheckpoints = 10;

/** Finds out what resuming came to, logs it and writes it down. */
export async function tellResult(
  { fileSystem, clock }: StoragePorts,
  log: Logger,
  store: SessionStore,
  parts: { readonly startedMs: number } & Pick<
    Resumption,
    | 'session'
    | 'startedAt'
    | 'recovered'
    | 'wasIndexRebuilt'
    | 'since'
    | 'unitsRetried'
    | 'callsSettled'
  >,
): Promise<SessionResumeResult> {
  const { layout, view } = store;
  const checkpoints = await withinBudget({ clock, logger: log }, 'Loading a checkpoint', () =>
    listCheckpoints(fileSystem, layout, checkedCheckpoints),
  );
  const files = await checkFileEnds(fileSystem, layout, view.files);
  const openGroups = await store.openGroups();
  const endedAt = clock.now();
  const result = resumeResult({
    ...parts,
    planId: planId(parts.session, parts.startedAt),
    endedAt,
    durationMs: clock.monotonicMs() - parts.startedMs,
    view,
    openGroups,
    checkpoints,
    files,
  });
  const {
    plan_id: plan,
    success,
    recovery_steps_executed: steps,
    resume_warnings: warnings,
  } = result;
  log.info({ plan, success, steps, warnings }, 'Session resumed');
  try {
    await writeRecoveryReport(fileSystem, layout, result, endedAt);
  } catch (error) {
    log.warn(
      { code: codeOf(error) },
      `What resuming did could not be written down: ${messageOf(error)}`,
    );
  }
  return result;
}

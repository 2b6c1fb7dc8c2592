import type { InterruptionAnalysis, RecoveryPlan } from '../../core/recoveryData.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { analyse } from './analyse.ts';
import { chooseCheckpoint } from './chooseCheckpoint.ts';
import { examineSession, type ExaminePorts } from './examine.ts';
import { plan } from './plan.ts';

/** What is known of a session, and what resuming it would do. */
export interface Assessment {
  readonly analysis: InterruptionAnalysis;
  readonly plan: RecoveryPlan;
}

/** What a person asks for beside going on. */
export interface AssessChoices {
  /** Id of an older checkpoint, or a part of it that tells it from the others. */
  readonly checkpoint?: string | undefined;
  readonly retriesFailed?: boolean;
}

/**
 * Says what happened to a session and what resuming it would do. Reads only: no lock is taken, nothing is written.
 *
 * @throws UsageError as {@link chooseCheckpoint}; FaultError when the first line of the journal can't be read.
 */
export async function assessSession(
  ports: ExaminePorts,
  layout: SessionLayout,
  { checkpoint: wanted, retriesFailed = false }: AssessChoices = {},
): Promise<Assessment> {
  const checkpoint =
    wanted === undefined ? undefined : await chooseCheckpoint(ports.fileSystem, layout, wanted);
  const examined = await examineSession(ports, layout, checkpoint);
  const analysis = analyse(examined);
  const choices = checkpoint === undefined ? { retriesFailed } : { retriesFailed, checkpoint };
  return { analysis, plan: plan(examined, analysis, choices) };
}

import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { InDoubtWord } from '../../core/recoveryData.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { fileNames, unitsPhrase } from '../text/phrases.ts';
import {
  isNode,
  nodesOf,
  pickCheckpoint,
  pickSession,
  type CommandTarget,
  type PickedCheckpoint,
  type Selection,
} from './pick.ts';
import { askInDoubt } from './inDoubt.ts';
import { unitsToRetry, type RetriedUnit } from './paidRetry.ts';
import { resumeSummary, type Recovery } from '../text/recoveryText.ts';
import type { Services } from '../services.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import { showWhatRuns } from '../collections/startCollection.ts';
import { showInformationMessage, showWarningMessage, withProgress } from '../window.ts';

/** Takes a session up again from an older checkpoint, after saying what that will do. Gives the session that runs. */
export async function resumeFromCheckpoint(
  services: Services,
  target: CommandTarget,
): Promise<SessionRef | undefined> {
  const chosen = await pickCheckpoint(services, target, {
    fits: ({ holder, snapshot }) => holder === null && snapshot.view.checkpointCount > 0,
    placeHolder: t('Which session do you want to take back to a checkpoint?'),
    none: t('There is no session with a checkpoint that can be resumed here.'),
  });
  if (!chosen) return undefined;
  const { session, checkpoint } = chosen;
  if (!checkpoint.valid) {
    throw new Error(
      t('This checkpoint is damaged or missing. Choose another; Resume does not need any.'),
    );
  }
  const { ref } = session;
  const params = { ...ref, checkpoint: checkpoint.id };
  const recovery = await planOf(services, params);
  const choice = await confirmResume(services, chosen, recovery);
  if (choice === 'plan') await services.documents.showRecoveryPlan(ref, checkpoint.id);
  if (typeof choice !== 'object') return undefined;
  if (session.isOurs) await services.runs.stop(ref);
  await services.runs.resumeFromCheckpoint(ref, checkpoint.id, choice.inDoubt);
  showWhatRuns(services, ref);
  return ref;
}

/** Shows what happened to a session and what resuming it, or going back to a checkpoint, would do. */
export async function showRecoveryPlan(services: Services, target: CommandTarget): Promise<void> {
  if (isNode(target, 'checkpoint')) {
    await services.documents.showRecoveryPlan(target.ref, target.checkpoint.id);
    return;
  }
  const session = await pickSession(services, target, {
    fits: isAtRest,
    placeHolder: t('Whose recovery plan do you want to see?'),
    none: t('Only a session that nobody is carrying out has a recovery plan. Stop it first.'),
  });
  if (session) await services.documents.showRecoveryPlan(session.ref, null);
}

/** Sends failed units (all of a session, or those selected) back to be tried again. Gives the session that runs. */
export async function retryFailedUnits(
  services: Services,
  target: CommandTarget,
  selection: Selection,
): Promise<SessionRef | undefined> {
  const session = await pickSession(services, target, {
    fits: ({ holder, snapshot }) => holder === null && snapshot.view.units.failed > 0,
    placeHolder: t('Whose failed units do you want to try again?'),
    none: t('There are no failed units that can be tried again from here.'),
  });
  if (!session) return undefined;
  const units = nodesOf(target, selection, 'failedUnit')
    .filter((node) => node.ref.session === session.ref.session)
    .map(({ unit }) => unit);
  return retryUnits(services, session, isNode(target, 'failedUnit') ? units : null);
}

/** Sends failed units of a session (all: null) back to be tried again. Gives the session when it runs. */
export async function retryUnits(
  services: Services,
  { ref }: Pick<TrackedSession, 'ref'>,
  units: readonly RetriedUnit[] | null,
): Promise<SessionRef | undefined> {
  const chosen = await unitsToRetry(services, ref, units);
  if (chosen === undefined) return undefined;
  const requeued = await services.runs.retryFailedUnits(ref, chosen);
  services.tracker.refresh();
  const { formats } = services;
  const text =
    requeued === 1
      ? t('1 failed unit is tried again.')
      : t('{0} failed units are tried again.', formats.count(requeued));
  void vscode.window.setStatusBarMessage(`$(refresh) ${text}`, statusMs);
  showWhatRuns(services, ref);
  return ref;
}

const statusMs = 5000;

/** Removes what a session needs to be resumed, after saying what stays. */
export async function discardState(services: Services, target: CommandTarget): Promise<void> {
  const session = await pickSession(services, target, {
    fits: isAtRest,
    placeHolder: t('Whose state do you want to discard?'),
    none: t('Only the state of a session that nobody is carrying out can be discarded.'),
  });
  if (!session || !(await confirmDiscard(services, session))) return;
  const { ref, snapshot } = session;
  const { kept } = await services.engine.request('discardState', ref, 0);
  services.dashboards.close(ref);
  services.validator.forget(ref.session);
  services.tracker.forget(ref);
  void showInformationMessage(
    kept.length === 0
      ? t('The state of {0} is gone. It had no data files.', snapshot.view.name)
      : t('The state of {0} is gone. Kept: {1}.', snapshot.view.name, fileNames(kept)),
  );
}

async function planOf(
  { engine }: Services,
  params: SessionRef & { readonly checkpoint: string },
): Promise<Recovery> {
  return withProgress(
    { location: vscode.ProgressLocation.Window, title: t('Working out what resuming would do') },
    () => engine.request('planRecovery', params, 0),
  );
}

/** What a person answered: to see the plan first, or to go on, with their word on calls in doubt where it is needed. */
type ResumeChoice = 'plan' | { readonly inDoubt: InDoubtWord | undefined } | undefined;

async function confirmResume(
  { formats }: Services,
  { session, checkpoint }: PickedCheckpoint,
  recovery: Recovery,
): Promise<ResumeChoice> {
  const { name } = session.snapshot.view;
  const at = formats.when(Date.parse(checkpoint.at), Date.now());
  const { blocking_issues: blocking } = recovery.analysis;
  const plan = t('Show Recovery Plan');
  const detail = [
    ...(session.isOurs ? [t('This window holds it; it is stopped first.')] : []),
    ...resumeSummary(recovery, formats),
  ];
  const needsWord = recovery.plan.collector.needs_a_word;
  if (blocking.length > 0 && !needsWord) {
    const text = t('{0} can’t be resumed yet', name);
    const options = { modal: true, detail: blocking.join('\n\n') };
    const isPlan = (await showWarningMessage(text, options, plan)) === plan;
    return isPlan ? 'plan' : undefined;
  }
  const text = t('Resume {0} from the checkpoint of {1}?', name, at);
  if (needsWord) {
    const word = await askInDoubt(formats, text, recovery, detail);
    return word && { inDoubt: word };
  }
  const resume = session.isOurs ? t('Stop and Resume') : t('Resume');
  const options = { modal: true, detail: detail.join('\n\n') };
  const chosen = await showInformationMessage(text, options, resume, plan);
  if (chosen === plan) return 'plan';
  return chosen === resume ? { inDoubt: undefined } : undefined;
}

async function confirmDiscard(
  { formats }: Services,
  { snapshot: { view }, root, ref }: TrackedSession,
): Promise<boolean> {
  const left = view.units.pending + view.units.in_progress;
  const files = view.files.map(({ file }) => `• ${file}`);
  const discard = t('Discard State');
  const chosen = await showWarningMessage(
    t('Discard the state of {0}?', view.name),
    {
      modal: true,
      detail: [
        t(
          'Its journal, checkpoints and log are removed: {0}.',
          path.join(root, '.cf_state', 'sessions', ref.session),
        ),
        left > 0
          ? t(
              'It can’t be resumed then ({0} to go), and what it collected is no longer known as collected.',
              unitsPhrase(left, formats),
            )
          : t('What it collected is no longer known as collected then.'),
        files.length === 0
          ? t('It has no data files.')
          : `${t('The data files stay as they are:')}\n${files.join('\n')}`,
      ].join('\n\n'),
    },
    discard,
  );
  return chosen === discard;
}

/** Nobody carries it out: neither this window nor another process. */
function isAtRest({ isOurs, holder }: TrackedSession): boolean {
  return !isOurs && holder === null;
}

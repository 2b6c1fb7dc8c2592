import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { codeOf } from '../../core/errors.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { tellMissing } from './missingCollection.ts';
import { offerGitignore } from '../data/gitignore.ts';
import { isSessionOf } from '../sessions/ofFile.ts';
import { askInDoubt } from '../sessions/inDoubt.ts';
import { joinParts, recordsPhrase, stateSince } from '../text/phrases.ts';
import { pickCollection, type CommandTarget } from '../sessions/pick.ts';
import { tellThatClosingStops } from '../sessions/runNotice.ts';
import type { Services } from '../services.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import { readSetting } from '../settings.ts';
import { showInformationMessage } from '../window.ts';

/** Starts a collection, or resumes its unfinished session when a person says so. Gives the session that runs. */
export async function startCollection(
  services: Services,
  target: CommandTarget,
): Promise<SessionRef | undefined> {
  const file = await pickCollection(target);
  if (!file) return undefined;
  const folder = vscode.workspace.getWorkspaceFolder(file);
  if (!folder) {
    throw new Error(
      t('{0} is outside of the open folders. Open the folder that holds it first.', file.fsPath),
    );
  }
  await saveIfOpen(file);
  const workspace = folder.uri.fsPath;
  const newest = await newestSessionOf(services, file);
  const isOpen = newest && (newest.isOurs || newest.holder !== null || newest.resumable);
  if (!isOpen) return startNew(services, workspace, file);
  if (newest.isOurs && newest.snapshot.view.state === 'active') {
    const open = t('Open Dashboard');
    const text = t('{0} is running already.', vscode.workspace.asRelativePath(file));
    const chosen = await showInformationMessage(text, open);
    if (chosen === open) await services.dashboards.open(newest.ref);
    return undefined;
  }
  const choice = await askAboutUnfinished(services, newest);
  if (choice === 'new') return startNew(services, workspace, file);
  return choice === 'resume' ? resumeSession(services, newest) : undefined;
}

/** The newest session of a collection file. Older ones stay where they are: a person left them behind for this one. */
export async function newestSessionOf(
  { tracker }: Pick<Services, 'tracker'>,
  file: vscode.Uri,
): Promise<TrackedSession | undefined> {
  return (await tracker.list()).find((session) => isSessionOf(session, file));
}

/** Takes a session up again and shows it; what goes wrong is shown with its next step. */
export async function resumeSession(
  services: Services,
  session: TrackedSession,
): Promise<SessionRef | undefined> {
  const { ref, root, snapshot } = session;
  try {
    if (!(await resumeOrAsk(services, ref, snapshot.view.name))) return undefined;
    if (session.isCollectionMissing) {
      services.notices.add(() => tellMissing(services, session, 'resumed'));
    }
    showWhatRuns(services, ref);
    return ref;
  } catch (error) {
    const { collectionFile } = snapshot.view;
    const collection = vscode.Uri.file(path.join(root, collectionFile));
    // A merge has no collection file.
    const context = collectionFile !== '' && {
      collection,
      startNew: () => startNew(services, ref.workspace, collection),
      raiseAndResume: async () => vscode.commands.executeCommand('cfCollector.raiseAndResume', ref),
    };
    void services.reporter.show(error, context || {});
    return undefined;
  }
}

/** Resumes; paid calls in doubt are asked about first. Gives whether it runs. */
async function resumeOrAsk(
  { runs, engine, formats }: Services,
  ref: SessionRef,
  name: string,
): Promise<boolean> {
  try {
    await runs.resume(ref);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'IN_DOUBT') throw error;
  }
  const recovery = await engine.request('planRecovery', { ...ref, checkpoint: null }, 0);
  const word = await askInDoubt(formats, t('Resume {0}?', name), recovery, []);
  if (word) await runs.resume(ref, word);
  return word !== undefined;
}

async function startNew(
  services: Services,
  workspace: string,
  file: vscode.Uri,
): Promise<SessionRef | undefined> {
  try {
    const ref = await services.runs.start(workspace, file);
    showWhatRuns(services, ref);
    return ref;
  } catch (error) {
    await services.checker.check(file);
    void services.reporter.show(error, { collection: file });
    return undefined;
  }
}

/** Shows a run that has just begun: the dashboard at once, then what there is to know, one notification at a time. */
export function showWhatRuns(services: Services, ref: SessionRef): void {
  showDashboardOnStart(services, ref);
  services.notices.add(() => tellThatClosingStops(services, ref));
  services.notices.add(() => offerGitignore(services, ref.workspace));
}

/** Opens the dashboard of a run that has just begun, where the setting wants that. */
export function showDashboardOnStart({ reporter, dashboards }: Services, ref: SessionRef): void {
  reporter.guard(async () => {
    if (readSetting('openDashboardOnStart')) await dashboards.open(ref);
  });
}

/** What runs is what is on disk: what a person sees in the editor must be the same. */
async function saveIfOpen(file: vscode.Uri): Promise<void> {
  const open = vscode.workspace.textDocuments.find(
    (document) => document.uri.toString() === file.toString(),
  );
  if (open?.isDirty) await open.save();
}

async function askAboutUnfinished(
  { formats }: Services,
  session: TrackedSession,
): Promise<'resume' | 'new' | undefined> {
  const { view } = session.snapshot;
  const ago = formats.ago(Date.parse(view.lastEventAt), Date.now());
  const state = session.holder ? t('running elsewhere') : stateSince(view.state, ago);
  const left = view.units.pending + view.units.in_progress;
  const resume = t('Resume');
  const startNew = t('Start New');
  const chosen = await showInformationMessage(
    t('{0} has an unfinished session', view.name),
    {
      modal: true,
      detail: [
        joinParts([
          recordsPhrase(view.records, formats),
          t('{0} to go', formats.count(left)),
          state,
        ]),
        t(
          'Resume goes on where it was left. Start New begins another session with files of its own and leaves this one as it is.',
        ),
      ].join('\n\n'),
    },
    ...(session.resumable ? [resume] : []),
    startNew,
  );
  if (chosen === resume) return 'resume';
  return chosen === startNew ? 'new' : undefined;
}

import { t } from '@vscode/l10n';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionRef } from '../../protocol/worker.ts';
import { recordsPhrase } from '../text/phrases.ts';
import type { Services } from '../services.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import { resumeSession } from '../collections/startCollection.ts';
import { readSetting } from '../settings.ts';
import { diskFolders } from '../workspace.ts';
import { showErrorMessage, showInformationMessage } from '../window.ts';

/**
 * When a window opens: offers to resume what was cut short, in one notification. Only a folder that has state is
 * looked into, so that a window without sessions never starts the engine for this.
 */
export async function offerResume(services: Services): Promise<void> {
  if (!vscode.workspace.isTrusted || !readSetting('offerResume')) return;
  if (!diskFolders().some(({ uri }) => hasStateAbove(uri.fsPath))) return;
  const sessions = (await services.tracker.list()).filter(wasCutShort);
  await offer(services, sessions, (session, count) =>
    count === 1
      ? t(
          '{0} was cut short. {1} are safe on disk.',
          session.snapshot.view.name,
          recordsPhrase(session.snapshot.view.records, services.formats),
        )
      : t('{0} collections were cut short. What they had is safe on disk.', String(count)),
  );
}

/** When the engine died under running sessions. */
export async function offerResumeAfterCrash(
  services: Services,
  refs: readonly SessionRef[],
  error: Error,
): Promise<void> {
  services.log.error(`The engine died: ${error.stack ?? error.message}`);
  const text = t(
    'The collection engine ended unexpectedly. Every record counted so far is safe on disk.',
  );
  const resume = t('Resume');
  const showLog = t('Show Log');
  const chosen = await showErrorMessage(text, resume, showLog);
  if (chosen === showLog) services.log.show();
  if (chosen !== resume) return;
  for (const ref of refs) {
    const session = await services.tracker.find(ref);
    if (session) await resumeSession(services, session);
  }
}

async function offer(
  services: Services,
  sessions: readonly TrackedSession[],
  say: (first: TrackedSession, count: number) => string,
): Promise<void> {
  const [first] = sessions;
  if (!first) return;
  const resume = t('Resume');
  const show = t('Show Sessions');
  const one = sessions.length === 1;
  const text = say(first, sessions.length);
  const chosen = await showInformationMessage(text, ...(one ? [resume] : []), show);
  if (chosen === show) await vscode.commands.executeCommand('cfCollector.sessions.focus');
  if (chosen === resume) await resumeSession(services, first);
}

/** Its process died, or its window closed: nobody decided that it should end. */
function wasCutShort({ snapshot: { view }, resumable, isOurs }: TrackedSession): boolean {
  if (!resumable || isOurs) return false;
  return (
    view.state === 'interrupted' || (view.state === 'stopped' && view.reason === 'window-closed')
  );
}

/** Whether a folder or one above it has state. */
function hasStateAbove(folder: string): boolean {
  if (existsSync(path.join(folder, '.cf_state'))) return true;
  const parent = path.dirname(folder);
  return parent !== folder && hasStateAbove(parent);
}

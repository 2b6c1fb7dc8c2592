import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { collectionSuffix } from '../../contributions.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import type { Services } from '../services.ts';
import { pickSession, type CommandTarget } from '../sessions/pick.ts';
import { baseName } from '../tree/treeModel.ts';
import { showInformationMessage, showWarningMessage } from '../window.ts';

/**
 * Keeps what is shown of sessions true when a collection file is deleted, renamed or put back; tells where one is gone
 * that a session of this window is made from, since nothing stops for that.
 */
export function watchCollectionFiles(services: Services): vscode.Disposable {
  const { tracker, notices } = services;
  const watcher = vscode.workspace.createFileSystemWatcher(
    `**/*${collectionSuffix}`,
    false,
    true,
    false,
  );
  const onDeleted = async (file: vscode.Uri): Promise<void> => {
    tracker.refresh();
    const sessions = (await tracker.list()).filter(
      (session) => session.isOurs && isFileOf(session, file) && session.isCollectionMissing,
    );
    for (const session of sessions) {
      notices.add(() => tellMissing(services, session, 'runs'));
    }
  };
  return vscode.Disposable.from(
    watcher,
    watcher.onDidCreate(() => {
      tracker.refresh();
    }),
    watcher.onDidDelete((file) => {
      services.reporter.guard(() => onDeleted(file));
    }),
  );
}

/**
 * Says that a session goes on without its collection file, and offers to write that back.
 *
 * @param moment whether it runs already, or was just resumed.
 */
export async function tellMissing(
  services: Services,
  session: TrackedSession,
  moment: 'runs' | 'resumed',
): Promise<void> {
  const { name, collectionFile } = session.snapshot.view;
  const file = baseName(collectionFile);
  const restore = t('Restore Collection File');
  const text =
    moment === 'runs'
      ? t('{0} is gone. {1} goes on with the collection that it began with.', file, name)
      : t(
          '{0} goes on without {1}, which is gone: with the collection that it began with.',
          name,
          file,
        );
  const chosen = await showWarningMessage(text, restore);
  if (chosen === restore) await writeBack(services, session);
}

/** Writes a session's own collection back to where its file was, and opens it. */
export async function restoreCollection(services: Services, target: CommandTarget): Promise<void> {
  const session = await pickSession(services, target, {
    fits: ({ isCollectionMissing }) => isCollectionMissing,
    placeHolder: t('Whose collection file do you want to restore?'),
    none: t('No collection file is missing.'),
  });
  if (session) await writeBack(services, session);
}

async function writeBack(services: Services, session: TrackedSession): Promise<void> {
  const { file } = await services.engine.request('restoreCollection', session.ref, 0);
  services.tracker.refresh();
  await vscode.window.showTextDocument(vscode.Uri.file(file));
  void showInformationMessage(
    t('{0} is back, as the session has it. Comments are not in the journal.', path.basename(file)),
  );
}

function isFileOf({ root, snapshot }: TrackedSession, file: vscode.Uri): boolean {
  return vscode.Uri.file(path.join(root, snapshot.view.collectionFile)).fsPath === file.fsPath;
}

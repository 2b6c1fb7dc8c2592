import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { isNode, pickCheckpoint, pickSession, type CommandTarget } from './pick.ts';
import type { Services } from '../services.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import { baseName, mastersOf } from '../tree/treeModel.ts';
import { readSetting } from '../settings.ts';
import { openInViewer } from '../viewer/openRecords.ts';
import { showInformationMessage } from '../window.ts';

/**
 * Opens a session's newest master, or the one that the tree's item names: in the text editor, or where it is large in
 * the record viewer. The extension's default for `files.readonlyInclude` makes it read-only, however it is opened.
 */
export async function openMaster(services: Services, target: CommandTarget): Promise<void> {
  if (isNode(target, 'master')) {
    await openDataFile(vscode.Uri.file(target.path));
    return;
  }
  const session = await pickSession(services, target, {
    fits: ({ snapshot }) => mastersOf(snapshot.view.files).length > 0,
    placeHolder: t('Whose master file do you want to open?'),
    none: t('There is no master file yet.'),
  });
  const master = session && mastersOf(session.snapshot.view.files)[0];
  if (master) await openDataFile(vscode.Uri.file(path.join(session.root, master.file)));
}

async function openDataFile(file: vscode.Uri): Promise<void> {
  // The text editor says best that a file is not there.
  const { size } = await vscode.workspace.fs.stat(file).then(undefined, () => ({ size: 0 }));
  const isLarge = size > 0 && size >= readSetting('viewer.largeFileMb', file) * 1e6;
  if (isLarge) await openInViewer(file);
  else await vscode.commands.executeCommand('vscode.open', file);
}

/** Opens a readable view of a checkpoint: the tree's item, or the one that a person picks. */
export async function openCheckpoint(services: Services, target: CommandTarget): Promise<void> {
  const chosen = await pickCheckpoint(services, target, {
    fits: ({ snapshot }) => snapshot.view.checkpointCount > 0,
    placeHolder: t('Whose checkpoint do you want to open?'),
    none: t('There is no checkpoint yet.'),
  });
  if (chosen) await services.documents.showCheckpoint(chosen.session.ref, chosen.checkpoint.id);
}

/** Opens a session's own log; the extension's channel where there is no session. */
export async function openLog(services: Services, target: CommandTarget): Promise<void> {
  const session = await logOwner(services, target);
  if (!session) {
    services.log.show();
    return;
  }
  try {
    await vscode.window.showTextDocument(vscode.Uri.file(session.log));
  } catch {
    services.log.show();
    void showInformationMessage(
      t('{0} has no log of its own yet. This is the extension’s.', session.snapshot.view.name),
    );
  }
}

async function logOwner(
  services: Services,
  target: CommandTarget,
): Promise<TrackedSession | undefined> {
  if (target !== undefined || (await services.tracker.list()).length > 0) {
    return pickSession(services, target, {
      fits: () => true,
      placeHolder: t('Whose log do you want to open?'),
      none: t('This session is gone.'),
    });
  }
  return undefined;
}

/** Opens the collection file that a session carries out. */
export async function openCollection(session: TrackedSession): Promise<void> {
  const { collectionFile } = session.snapshot.view;
  const file = vscode.Uri.file(path.join(session.root, collectionFile));
  try {
    await vscode.window.showTextDocument(file);
  } catch {
    throw new Error(
      t(
        '{0} is no longer there. Restore Collection File in the session’s menu writes it back.',
        baseName(collectionFile),
      ),
    );
  }
}

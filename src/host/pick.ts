import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionRef } from '../protocol/worker.ts';
import { joinParts, recordsPhrase, stateSince } from './phrases.ts';
import type { Services } from './services.ts';
import type { TrackedSession } from './sessions.ts';
import type { TreeNode } from './treeModel.ts';
import { findCollections, folderLabel, isCollectionFile } from './workspace.ts';

/** What a command may be given: an item of the tree, a session, a file of the explorer, or nothing. */
export type CommandTarget = TreeNode | SessionRef | vscode.Uri | undefined;

/** The session that a target names; undefined when it names none. */
function refOf(target: CommandTarget): SessionRef | undefined {
  if (target === undefined || target instanceof vscode.Uri) return undefined;
  if (!('kind' in target)) return target;
  if ('ref' in target) return target.ref;
  return 'session' in target ? target.session.ref : undefined;
}

/**
 * The session that a command is about: the target's, the only one that fits, or the one that a person picks.
 * Undefined when they picked none or there is none, which they have been told.
 */
export async function pickSession(
  services: Services,
  target: CommandTarget,
  options: {
    fits: (session: TrackedSession) => boolean;
    placeHolder: string;
    none: string;
  },
): Promise<TrackedSession | undefined> {
  const ref = refOf(target);
  if (ref) {
    const session = await services.tracker.find(ref);
    if (session && options.fits(session)) return session;
    void vscode.window.showInformationMessage(options.none);
    return undefined;
  }
  const fitting = (await services.tracker.list()).filter(options.fits);
  if (fitting.length === 0) {
    void vscode.window.showInformationMessage(options.none);
    return undefined;
  }
  if (fitting.length === 1) return fitting[0];
  const items = fitting.map((session) => ({ ...sessionItem(services, session), session }));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: options.placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.session;
}

function sessionItem({ formats }: Services, session: TrackedSession): vscode.QuickPickItem {
  const { view } = session.snapshot;
  const ago = formats.ago(Date.parse(view.lastEventAt), Date.now());
  return {
    label: view.name,
    description: joinParts([
      recordsPhrase(view.records, formats),
      stateSince(view.state, ago),
      folderLabel(session.ref.workspace),
    ]),
    detail: view.session,
  };
}

/** The collection file that a command is about: the target, or the one that a person picks. */
export async function pickCollection(target: CommandTarget): Promise<vscode.Uri | undefined> {
  if (target instanceof vscode.Uri) return target;
  const files = await findCollections();
  const active = vscode.window.activeTextEditor?.document.uri;
  if (files.length === 0) {
    const create = t('New Collection');
    const chosen = await vscode.window.showInformationMessage(
      t('There is no collection (*.collect.json) in this workspace yet.'),
      create,
    );
    if (chosen === create) await vscode.commands.executeCommand('cfCollector.new');
    return undefined;
  }
  const items = files.map((uri) => {
    const folder = path.posix.dirname(vscode.workspace.asRelativePath(uri));
    return {
      label: path.posix.basename(uri.path),
      description: folder === '.' ? '' : folder,
      uri,
    };
  });
  const isActive = (uri: vscode.Uri) =>
    active !== undefined && isCollectionFile(active) && uri.toString() === active.toString();
  // The file that a person is looking at is the one they most probably mean.
  items.sort((a, b) => Number(isActive(b.uri)) - Number(isActive(a.uri)));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: t('Which collection do you want to start?'),
    matchOnDescription: true,
  });
  return picked?.uri;
}

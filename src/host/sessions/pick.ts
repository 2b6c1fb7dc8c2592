import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { CheckpointListing, SessionRef } from '../../protocol/worker.ts';
import { joinParts, recordsPhrase, stateSince } from '../text/phrases.ts';
import type { Services } from '../services.ts';
import { readTimeoutMs, type TrackedSession } from '../engine/sessionTracker.ts';
import { baseName, checkpointWord, mastersOf, type TreeNode } from '../tree/treeModel.ts';
import { diskFolders, findCollections, folderLabel, isCollectionFile } from '../workspace.ts';
import { showInformationMessage, showQuickPick } from '../window.ts';

/** What a command may be given: an item of the tree, a session, a file of the explorer, or nothing. */
export type CommandTarget = TreeNode | SessionRef | vscode.Uri | undefined;

/** Everything that is selected in the tree or the explorer, when the command's target is part of it. */
export type Selection = readonly CommandTarget[];

/** What a command is about: the whole selection, the target alone, or nothing. */
export function targetsOf(target: CommandTarget, selection: Selection): Selection {
  const isPart = selection.some((other) => isSame(other, target));
  if (isPart) return selection;
  return target === undefined ? [] : [target];
}

function isSame(a: CommandTarget, b: CommandTarget): boolean {
  return a instanceof vscode.Uri && b instanceof vscode.Uri
    ? a.toString() === b.toString()
    : a === b;
}

/** The items of one kind among what a command is about. */
export function nodesOf<K extends TreeNode['kind']>(
  target: CommandTarget,
  selection: Selection,
  kind: K,
): Extract<TreeNode, { kind: K }>[] {
  return targetsOf(target, selection).filter((one) => isNode(one, kind));
}

/** Whether a target is an item of the tree of this kind. */
export function isNode<K extends TreeNode['kind']>(
  target: CommandTarget,
  kind: K,
): target is Extract<TreeNode, { kind: K }> {
  return target !== undefined && 'kind' in target && target.kind === kind;
}

/** The session that a target names; undefined when it names none. */
export function refOf(target: CommandTarget): SessionRef | undefined {
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
    void showInformationMessage(options.none);
    return undefined;
  }
  if (!(await hasFolder())) return undefined;
  const fitting = (await services.tracker.list()).filter(options.fits);
  if (fitting.length === 0) {
    void showInformationMessage(options.none);
    return undefined;
  }
  if (fitting.length === 1) return fitting[0];
  const items = fitting.map((session) => ({ ...sessionItem(services, session), session }));
  const picked = await showQuickPick(items, {
    placeHolder: options.placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.session;
}

/** A session and the checkpoint of it that a command is about. */
export interface PickedCheckpoint {
  readonly session: TrackedSession;
  readonly checkpoint: CheckpointListing;
}

/** The checkpoint that a target names, or the one that a person picks of the session that they pick. */
export async function pickCheckpoint(
  services: Services,
  target: CommandTarget,
  options: Parameters<typeof pickSession>[2],
): Promise<PickedCheckpoint | undefined> {
  const session = await pickSession(services, target, options);
  if (!session) return undefined;
  if (isNode(target, 'checkpoint')) return { session, checkpoint: target.checkpoint };
  const { engine, formats } = services;
  const checkpoints = await engine.request('listCheckpoints', session.ref, readTimeoutMs);
  const items = checkpoints.map((checkpoint) => ({
    label: formats.when(Date.parse(checkpoint.at), Date.now()),
    description: joinParts([
      recordsPhrase(checkpoint.records, formats),
      checkpointWord(checkpoint.type),
      checkpoint.valid ? '' : t('damaged'),
    ]),
    checkpoint,
  }));
  const picked = await showQuickPick(items, {
    placeHolder: t('Which checkpoint?'),
    matchOnDescription: true,
  });
  return picked && { session, checkpoint: picked.checkpoint };
}

/** A master of the session that a target names, or one of all that a person picks. */
export async function pickMaster(
  services: Services,
  target: CommandTarget,
  placeHolder: string,
): Promise<vscode.Uri | undefined> {
  const { tracker, formats } = services;
  const ref = refOf(target);
  const found = ref ? [await tracker.find(ref)] : await tracker.list();
  const items = found.flatMap((session) =>
    mastersOf(session?.snapshot.view.files ?? []).map(({ file, lines }) => ({
      label: baseName(file),
      description: recordsPhrase(lines, formats),
      path: path.join(session?.root ?? '', file),
    })),
  );
  const [only, second] = items;
  if (!only) {
    void showInformationMessage(t('There is no master file yet.'));
    return undefined;
  }
  const picked = ref && !second ? only : await showQuickPick(items, { placeHolder });
  return picked && vscode.Uri.file(picked.path);
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

/** Whether there is a folder to work in; a person who has none open is offered to open one. */
async function hasFolder(): Promise<boolean> {
  if (diskFolders().length > 0) return true;
  const open = t('Open Folder');
  const chosen = await showInformationMessage(
    t('Collections and their sessions are kept in a folder. Open one first.'),
    open,
  );
  if (chosen === open) await vscode.commands.executeCommand('vscode.openFolder');
  return false;
}

/** The collection file that a command is about: the target, or the one that a person picks. */
export async function pickCollection(
  target: CommandTarget,
  placeHolder = t('Which collection do you want to start?'),
): Promise<vscode.Uri | undefined> {
  if (target instanceof vscode.Uri) return target;
  if (!(await hasFolder())) return undefined;
  const files = await findCollections();
  const active = vscode.window.activeTextEditor?.document.uri;
  if (files.length === 0) {
    const create = t('New Collection');
    const chosen = await showInformationMessage(
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
  const picked = await showQuickPick(items, {
    placeHolder,
    matchOnDescription: true,
  });
  return picked?.uri;
}

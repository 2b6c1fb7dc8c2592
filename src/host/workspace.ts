import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { collectionSuffix } from '../contributions.ts';

/** The workspace folders that lie on this machine's disk: only there can files be appended to and synced. */
export function diskFolders(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
}

/** The folders whose sessions may be read and run: none in Restricted Mode. */
export function trustedFolderPaths(): readonly string[] {
  return vscode.workspace.isTrusted ? diskFolders().map(({ uri }) => uri.fsPath) : [];
}

/**
 * The workspace folder whose sessions a file belongs to; the first one for a file outside of them.
 *
 * @throws where no folder is open and trusted.
 */
export function workspaceOf(file: vscode.Uri): string {
  const folders = trustedFolderPaths();
  const own = vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath;
  const workspace = own !== undefined && folders.includes(own) ? own : folders[0];
  if (workspace === undefined) {
    throw new Error(t('Open a folder first, and trust it: sessions are kept in it.'));
  }
  return workspace;
}

/** Whether a file's name says that it is a collection. */
export function isCollectionFile(uri: vscode.Uri): boolean {
  return uri.path.endsWith(collectionSuffix);
}

/** Every collection file of the workspace, by path. */
export async function findCollections(): Promise<readonly vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(
    `**/*${collectionSuffix}`,
    '**/{node_modules,.cf_state}/**',
  );
  return found.filter((uri) => uri.scheme === 'file').sort((a, b) => a.path.localeCompare(b.path));
}

/** Whether there is a file or a folder. */
export async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

/** The name of a session's folder, where there is more than one to tell apart; else empty. */
export function folderLabel(workspace: string): string {
  const folders = diskFolders();
  if (folders.length < 2) return '';
  return folders.find(({ uri }) => uri.fsPath === workspace)?.name ?? '';
}

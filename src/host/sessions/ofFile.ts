import path from 'node:path';
import * as vscode from 'vscode';
import type { TrackedSession } from '../engine/sessionTracker.ts';

/** Whether a session is one of this collection file. A merge has none. */
export function isSessionOf({ snapshot, root }: TrackedSession, file: vscode.Uri): boolean {
  const { collectionFile } = snapshot.view;
  if (collectionFile === '') return false;
  return vscode.Uri.file(path.join(root, collectionFile)).fsPath === file.fsPath;
}

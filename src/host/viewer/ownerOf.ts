import path from 'node:path';
import type * as vscode from 'vscode';
import type { SessionRef } from '../../protocol/worker.ts';
import type { SessionTracker } from '../engine/sessionTracker.ts';

/** The session whose data file this is; undefined where none is known, or none can be read just now. */
export async function ownerOf(
  tracker: SessionTracker,
  file: vscode.Uri,
): Promise<SessionRef | undefined> {
  const sessions = await tracker.list().catch(() => []);
  return sessions.find(({ root, snapshot }) =>
    snapshot.view.files.some((known) => path.join(root, known.file) === file.fsPath),
  )?.ref;
}

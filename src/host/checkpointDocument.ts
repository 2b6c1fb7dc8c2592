import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { SessionRef } from '../protocol/worker.ts';
import { messageOf } from '../core/errors.ts';
import { checkpointMarkdown } from './checkpointText.ts';
import type { Services } from './services.ts';
import { readTimeoutMs } from './sessions.ts';
import { trustedFolderPaths } from './workspace.ts';

const scheme = 'cf-collector-checkpoint';

/** The address of a checkpoint's readable view. */
export function checkpointUri(ref: SessionRef, checkpoint: string): vscode.Uri {
  const query = new URLSearchParams({ ...ref, checkpoint }).toString();
  return vscode.Uri.from({ scheme, path: `/${checkpoint}.md`, query });
}

/** Serves checkpoints as documents: nothing of them can be saved over the files. */
export function registerCheckpointDocuments(services: Services): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(scheme, {
    async provideTextDocumentContent(uri) {
      const query = new URLSearchParams(uri.query);
      const [workspace, session, checkpoint] = ['workspace', 'session', 'checkpoint'].map((name) =>
        query.get(name),
      );
      // Anybody can make such an address: only what is open is read.
      if (!workspace || !session || !checkpoint || !trustedFolderPaths().includes(workspace)) {
        return t('This checkpoint does not belong to an open folder.');
      }
      try {
        const ref = { workspace, session, checkpoint };
        const content = await services.engine.request('readCheckpoint', ref, readTimeoutMs);
        return checkpointMarkdown(content, services.formats);
      } catch (error) {
        return t('The checkpoint can’t be read: {0}', messageOf(error));
      }
    },
  });
}

import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { codeOf } from '../../core/errors.ts';
import { newestSessionOf, showWhatRuns } from '../collections/startCollection.ts';
import { requireTrust } from '../engine/runs.ts';
import { readTimeoutMs } from '../engine/sessionTracker.ts';
import type { Services } from '../services.ts';
import { resumeQuestion, startQuestion } from '../text/toolText.ts';
import { findCollections } from '../workspace.ts';
import { findSession } from './findSession.ts';
import { requiredText, type Tool, type ToolInput } from './tool.ts';

/** `cf-collector_start_collection` */
export function startCollectionTool(services: Services): Tool {
  const { engine, formats, runs } = services;
  return {
    doing: (input) => t('Starting {0}', String(input['collection'])),
    ask: async (input) => {
      requireTrust();
      const { file, workspace } = await collectionOf(input);
      const params = { workspace, file: file.fsPath };
      const outline = await engine.request('outlineCollection', params, readTimeoutMs);
      return { ...startQuestion(outline, formats), isPaid: outline.isPaid };
    },
    run: async (input) => {
      requireTrust();
      const { file, workspace } = await collectionOf(input);
      const newest = await newestSessionOf(services, file);
      if (newest && (newest.isOurs || newest.holder || newest.resumable)) {
        const { session } = newest.ref;
        throw new Error(
          `The collection has an unfinished session, ${session}. Resume that one, or let the person start another.`,
        );
      }
      const ref = await runs.start(workspace, file);
      showWhatRuns(services, ref);
      return JSON.stringify({ session: ref.session, state: 'active', note: runsOn });
    },
  };
}

/** `cf-collector_resume_session` */
export function resumeSessionTool(services: Services): Tool {
  const { engine, formats, runs } = services;
  return {
    doing: (input) => t('Resuming {0}', String(input['session'])),
    ask: async (input) => {
      requireTrust();
      const { ref, snapshot } = await findSession(services, requiredText(input, 'session'));
      const [outline, recovery] = await Promise.all([
        engine.request('outlineSession', ref, readTimeoutMs),
        engine.request('planRecovery', { ...ref, checkpoint: null }, readTimeoutMs),
      ]);
      const facts = { view: snapshot.view, outline, recovery };
      return { ...resumeQuestion(facts, formats), isPaid: outline.isPaid };
    },
    run: async (input) => {
      requireTrust();
      const { ref } = await findSession(services, requiredText(input, 'session'));
      try {
        await runs.resume(ref);
      } catch (error) {
        if (codeOf(error) !== 'IN_DOUBT') throw error;
        throw new Error(
          'It has paid calls of which it is not known whether they left. Only the person can decide about them: they resume it in the Collector view.',
          { cause: error },
        );
      }
      showWhatRuns(services, ref);
      return JSON.stringify({ session: ref.session, state: 'active', note: runsOn });
    },
  };
}

const runsOn =
  'It goes on by itself, and the person sees it in the Collector view. Ask for its status later.';

/** The collection file that a model names: by its path from a workspace folder, its absolute path, or its name. */
async function collectionOf(
  input: ToolInput,
): Promise<{ readonly file: vscode.Uri; readonly workspace: string }> {
  const wanted = requiredText(input, 'collection');
  const files = await findCollections();
  const names = (file: vscode.Uri) => [
    file.fsPath,
    vscode.workspace.asRelativePath(file),
    path.basename(file.fsPath),
    path.basename(file.fsPath).split('.')[0],
  ];
  const [file, another] = files.filter((one) => names(one).includes(wanted));
  const folder = file && vscode.workspace.getWorkspaceFolder(file);
  if (folder && !another) return { file, workspace: folder.uri.fsPath };
  const known = files.slice(0, 20).map((one) => vscode.workspace.asRelativePath(one));
  throw new Error(
    another
      ? `Several collections are called "${wanted}". Name one by its path: ${known.join(', ')}.`
      : `There is no collection "${wanted}" in the open folders. There are: ${known.join(', ') || 'none'}.`,
  );
}

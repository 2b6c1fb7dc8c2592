import { t } from '@vscode/l10n';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { SessionRef } from '../../protocol/worker.ts';
import { pickSession, type CommandTarget } from './pick.ts';
import type { Services } from '../services.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import { showWhatRuns } from '../collections/startCollection.ts';
import { hasRaw } from '../tree/treeModel.ts';

/** Maps what a session received again, with its collection's mapping as it is now. Gives the new session. */
export async function remapFromRaw(
  services: Services,
  target: CommandTarget,
): Promise<SessionRef | undefined> {
  const session = await pickSession(services, target, {
    fits: ({ snapshot }) => hasRaw(snapshot.view),
    placeHolder: t('Whose items do you want to map again?'),
    none: t(
      'No session has kept what it received. Set "output": { "raw": true } in a collection, and its next session does.',
    ),
  });
  if (!session) return undefined;
  const collectionFile = ownCollection(session) ?? (await askForCollection(session));
  if (collectionFile === undefined) return undefined;
  const ref = await services.runs.remap({ ...session.ref, collectionFile });
  showWhatRuns(services, ref);
  return ref;
}

/** The file that the session began with, where that is still there. */
function ownCollection({ root, snapshot }: TrackedSession): string | undefined {
  const { collectionFile } = snapshot.view;
  if (collectionFile === '') return undefined;
  const file = path.join(root, collectionFile);
  return existsSync(file) ? file : undefined;
}

async function askForCollection({ root }: TrackedSession): Promise<string | undefined> {
  const found = await vscode.window.showOpenDialog({
    title: t('The collection file with the mapping'),
    openLabel: t('Re-map'),
    defaultUri: vscode.Uri.file(root),
    filters: { [t('Collections')]: ['json', 'jsonc'] },
  });
  return found?.[0]?.fsPath;
}

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { recordViewerType } from '../../contributions.ts';
import type { Services } from '../services.ts';
import { isNode, pickMaster, type CommandTarget } from '../sessions/pick.ts';

/** Opens a file in the record viewer: the target, the one that a person looks at, or a master that they pick. */
export async function openRecords(services: Services, target: CommandTarget): Promise<void> {
  const file = await fileToOpen(services, target);
  if (file) await openInViewer(file);
}

/** Shows a file of JSON lines in the record viewer. */
export async function openInViewer(file: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', file, recordViewerType);
}

async function fileToOpen(
  services: Services,
  target: CommandTarget,
): Promise<vscode.Uri | undefined> {
  if (target instanceof vscode.Uri) return target;
  if (isNode(target, 'master')) return vscode.Uri.file(target.path);
  const active = target === undefined ? activeJsonLines() : undefined;
  return active ?? pickMaster(services, target, t('Whose records do you want to see?'));
}

/** The file of the editor in front, where it is one of JSON lines. */
function activeJsonLines(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (!(input instanceof vscode.TabInputText)) return undefined;
  return /\.(jsonl|ndjson)$/i.test(input.uri.path) ? input.uri : undefined;
}

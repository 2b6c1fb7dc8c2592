import * as vscode from 'vscode';
import { moduleTypesFile } from '../../core/templates.ts';
import type { Services } from '../services.ts';
import type { CommandTarget } from '../sessions/pick.ts';

/** The template that a module which is missing begins as. */
const template = 'module.mjs';

/** Makes the module that a collection names, with its types beside it, and opens it. What is there stays. */
export async function createModule(
  { context, checker }: Pick<Services, 'context' | 'checker'>,
  file: CommandTarget,
): Promise<void> {
  if (!(file instanceof vscode.Uri)) return;
  const { fs } = vscode.workspace;
  const media = (...names: string[]): vscode.Uri =>
    vscode.Uri.joinPath(context.extensionUri, 'media', ...names);
  await fs.copy(media('templates', template), file, { overwrite: false });
  const types = vscode.Uri.joinPath(file, '..', moduleTypesFile);
  await fs.copy(media('types', moduleTypesFile), types, { overwrite: true });
  await vscode.window.showTextDocument(file, { preview: false });
  checker.checkAll();
}

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { makeCollection } from '../../core/newCollection.ts';
import {
  collectionFileName,
  moduleFileName,
  moduleTypesFile,
  secretsIn,
  type Template,
} from '../../core/templates.ts';
import type { Services } from '../services.ts';
import { showInformationMessage } from '../window.ts';
import { diskFolders } from '../workspace.ts';
import { NewCollectionGuide } from './newCollectionGuide.ts';
import { walkSteps } from './steps.ts';

/**
 * Guides a person to a new collection: template, address, fields, key, limits, name. Then a commented, valid file is
 * written and opened, and what can be done with it is offered. Gives the file; nothing is written when it is left.
 */
export async function newCollection(services: Services): Promise<vscode.Uri | undefined> {
  const folder = await pickFolder();
  if (!folder) return undefined;
  const guide = new NewCollectionGuide(services, folder.uri);
  if (!(await walkSteps(t('New Collection'), () => guide.steps()))) return undefined;
  const { template, templateText, choices } = guide.result();
  const text = makeCollection(template, templateText, choices);
  const file = vscode.Uri.joinPath(folder.uri, collectionFileName(choices.name));
  // First the code: without it the collection would be of no use.
  if (template.module !== undefined) {
    await copyModule(services, folder.uri, template.module, choices.name);
  }
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(file, { preview: false });
  void offerWhatIsNext(services, file, template, text);
  return file;
}

async function copyModule(
  { context }: Services,
  folder: vscode.Uri,
  module: string,
  name: string,
): Promise<void> {
  const media = (...parts: string[]): vscode.Uri =>
    vscode.Uri.joinPath(context.extensionUri, 'media', ...parts);
  const beside = (file: string): vscode.Uri => vscode.Uri.joinPath(folder, file);
  const { fs } = vscode.workspace;
  await fs.copy(media('templates', module), beside(moduleFileName(name)));
  await fs.copy(media('types', moduleTypesFile), beside(moduleTypesFile), { overwrite: true });
}

/** Secrets that the file needs and nobody has set come first; then what can be done with it. */
async function offerWhatIsNext(
  services: Services,
  file: vscode.Uri,
  template: Template,
  text: string,
): Promise<void> {
  if (!(await offerSecrets(services, text))) return;
  // In Restricted Mode nothing runs; its banner says how to change that.
  if (!vscode.workspace.isTrusted) return;
  const actions = new Map([
    [t('Preview'), 'cfCollector.preview'],
    [t('Start'), 'cfCollector.start'],
    ...(isOfPages(template) ? ([[t('Pick Fields'), 'cfCollector.pickFields']] as const) : []),
  ]);
  const name = vscode.workspace.asRelativePath(file);
  const chosen = await showInformationMessage(
    t('{0} is written. Preview shows what it would collect, and writes nothing.', name),
    ...actions.keys(),
  );
  const command = chosen === undefined ? undefined : actions.get(chosen);
  if (command !== undefined) await vscode.commands.executeCommand(command, file);
}

function isOfPages({ kind }: Template): boolean {
  return kind === 'pages' || kind === 'browser';
}

/**
 * Where the new file asks for secrets that nobody has set: asks for them one after the other, if that is wanted.
 *
 * @returns whether nothing is missing any more.
 */
async function offerSecrets({ secrets }: Services, text: string): Promise<boolean> {
  const values = await Promise.all(
    secretsIn(text).map(async (name) => ({ name, value: await secrets.get(name) })),
  );
  const missing = values.filter(({ value }) => value === null).map(({ name }) => name);
  if (missing.length === 0) return true;
  const set = t('Set Secret');
  const chosen = await showInformationMessage(
    t(
      'This collection needs the secret {0}. The file only names it; the value stays in the system’s secret store.',
      missing.join(', '),
    ),
    set,
  );
  if (chosen !== set) return false;
  for (const name of missing) await secrets.ask(name);
  return true;
}

async function pickFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = diskFolders();
  if (folders.length === 0) {
    throw new Error(t('Open a folder first: collections are files in it.'));
  }
  if (folders.length === 1) return folders[0];
  return vscode.window.showWorkspaceFolderPick({
    placeHolder: t('Which folder should the collection be in?'),
  });
}

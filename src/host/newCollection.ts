import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { collectionSuffix } from '../contributions.ts';
import { isSafeFileName } from '../core/names.ts';
import type { Services } from './services.ts';
import { withName, type TemplateName } from './templates.ts';
import { diskFolders } from './workspace.ts';

/** Asks for a template and a name, writes a commented, valid collection file and opens it. Gives the file. */
export async function newCollection(services: Services): Promise<vscode.Uri | undefined> {
  const folder = await pickFolder();
  if (!folder) return undefined;
  const template = await vscode.window.showQuickPick(templates(), {
    title: t('New Collection'),
    placeHolder: t('What do you want to collect from?'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (!template) return undefined;
  const name = await vscode.window.showInputBox({
    title: t('New Collection'),
    prompt: t('Name of the collection: its file and its records are called after it'),
    value: template.name,
    validateInput: async (text) => {
      if (!isSafeFileName(text)) return t('Use letters, digits, “.”, “_” and “-”.');
      return (await exists(fileOf(folder, text)))
        ? t('{0} exists already.', `${text}${collectionSuffix}`)
        : undefined;
    },
  });
  if (name === undefined) return undefined;
  const source = vscode.Uri.joinPath(
    services.context.extensionUri,
    'media',
    'templates',
    `${template.name}${collectionSuffix}`,
  );
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(source));
  const file = fileOf(folder, name);
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(withName(text, name)));
  await vscode.window.showTextDocument(file, { preview: false });
  return file;
}

function templates(): (vscode.QuickPickItem & { readonly name: TemplateName })[] {
  return [
    {
      name: 'books',
      label: `$(globe) ${t('Web pages')}`,
      description: 'html',
      detail: t('Follow links from a start page and take fields by CSS selector.'),
    },
    {
      name: 'papers',
      label: `$(json) ${t('Paged API')}`,
      description: 'rest',
      detail: t('Read a JSON API page by page, for every venue and year.'),
    },
    {
      name: 'generic',
      label: `$(list-unordered) ${t('Everything, explained')}`,
      description: 'rest',
      detail: t('Every part of a collection with its default and what it is for.'),
    },
  ];
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

function fileOf(folder: vscode.WorkspaceFolder, name: string): vscode.Uri {
  return vscode.Uri.joinPath(folder.uri, `${name}${collectionSuffix}`);
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

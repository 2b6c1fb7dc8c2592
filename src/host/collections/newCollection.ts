import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { assertNever } from '../../core/assert.ts';
import { isSafeFileName } from '../../core/names.ts';
import {
  collectionFileName,
  moduleFileName,
  moduleTypesFile,
  secretsIn,
  templates,
  withName,
  type Template,
  type TemplateKind,
} from '../../core/templates.ts';
import type { Services } from '../services.ts';
import { diskFolders } from '../workspace.ts';
import { showInformationMessage, showInputBox, showQuickPick } from '../window.ts';

type TemplateItem = vscode.QuickPickItem & { readonly template?: Template };

/** Asks for a template and a name, writes a commented, valid collection file and opens it. Gives the file. */
export async function newCollection(services: Services): Promise<vscode.Uri | undefined> {
  const folder = await pickFolder();
  if (!folder) return undefined;
  const picked = await showQuickPick(templateItems(), {
    title: t('New Collection'),
    placeHolder: t('What do you want to collect from?'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  const template = picked?.template;
  if (!template) return undefined;
  const name = await askName(folder, template);
  if (name === undefined) return undefined;
  const text = withName(await templateText(services, template), name);
  const file = vscode.Uri.joinPath(folder.uri, collectionFileName(name));
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  if (template.module !== undefined) {
    const beside = (file: string): vscode.Uri => vscode.Uri.joinPath(folder.uri, file);
    const { fs } = vscode.workspace;
    await fs.copy(mediaFile(services, 'templates', template.module), beside(moduleFileName(name)));
    const types = mediaFile(services, 'types', moduleTypesFile);
    await fs.copy(types, beside(moduleTypesFile), { overwrite: true });
  }
  await vscode.window.showTextDocument(file, { preview: false });
  void offerSecrets(services, text);
  return file;
}

/** The templates by kind, each kind under its name. */
function templateItems(): TemplateItem[] {
  const kinds = new Set(templates.map(({ kind }) => kind));
  return [...kinds].flatMap((kind) => [
    { label: kindWord(kind), kind: vscode.QuickPickItemKind.Separator },
    ...templates
      .filter((template) => template.kind === kind)
      .map((template) => ({
        label: t(template.title),
        iconPath: new vscode.ThemeIcon(kindIcon(kind)),
        description: template.name,
        detail: t(template.about),
        template,
      })),
  ]);
}

function kindWord(kind: TemplateKind): string {
  switch (kind) {
    case 'pages':
      return t('Web pages');
    case 'browser':
      return t('Browser');
    case 'api':
      return t('APIs');
    case 'apify':
      return t('Apify');
    case 'files':
      return t('Files');
    case 'code':
      return t('Your own code');
    default:
      return assertNever(kind, 'kind of template');
  }
}

function kindIcon(kind: TemplateKind): string {
  switch (kind) {
    case 'pages':
      return 'globe';
    case 'browser':
      return 'browser';
    case 'api':
      return 'json';
    case 'apify':
      return 'robot';
    case 'files':
      return 'files';
    case 'code':
      return 'code';
    default:
      return assertNever(kind, 'kind of template');
  }
}

function askName(folder: vscode.WorkspaceFolder, template: Template): Thenable<string | undefined> {
  return showInputBox({
    title: t('New Collection'),
    prompt: t('Name of the collection: its file and its records are called after it'),
    value: template.name,
    validateInput: async (text) => {
      if (!isSafeFileName(text)) return t('Use letters, digits, “.”, “_” and “-”.');
      const wanted = [collectionFileName(text)];
      if (template.module !== undefined) wanted.push(moduleFileName(text));
      for (const file of wanted)
        if (await exists(vscode.Uri.joinPath(folder.uri, file)))
          return t('{0} exists already.', file);
      return undefined;
    },
  });
}

async function templateText(services: Services, { name }: Template): Promise<string> {
  const file = mediaFile(services, 'templates', collectionFileName(name));
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
}

function mediaFile({ context }: Services, folder: string, name: string): vscode.Uri {
  return vscode.Uri.joinPath(context.extensionUri, 'media', folder, name);
}

/** Where the new file asks for secrets that nobody has set: asks for them one after the other, if that is wanted. */
async function offerSecrets({ secrets }: Services, text: string): Promise<void> {
  const values = await Promise.all(
    secretsIn(text).map(async (name) => ({ name, value: await secrets.get(name) })),
  );
  const missing = values.filter(({ value }) => value === null).map(({ name }) => name);
  const [first] = missing;
  if (first === undefined) return;
  const set = t('Set Secret');
  const chosen = await showInformationMessage(
    t(
      'This collection needs the secret {0}. The file only names it; the value stays in the system’s secret store.',
      missing.join(', '),
    ),
    set,
  );
  if (chosen !== set) return;
  for (const name of missing) await secrets.ask(name);
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

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { assertNever } from '../../core/assert.ts';
import { fixesOf, type CollectionFix } from '../../core/collectionFixes.ts';
import { collectionFileName, moduleTypesFile } from '../../core/templates.ts';
import type { CollectionProblem } from '../../protocol/worker.ts';
import type { Advice } from './advice.ts';
import { collectionSelector } from './collectionSelector.ts';
import type { CollectionChecker } from './diagnostics.ts';
import { previewMarkCode } from '../preview/previewMarks.ts';

/** The template that a module which is missing begins as. */
const moduleTemplate = 'module.mjs';

/** What can be done about the marks in a collection file. */
export class CollectionQuickFixes implements vscode.CodeActionProvider {
  readonly #checker: Pick<CollectionChecker, 'findingOf'>;
  readonly #media: vscode.Uri;

  /** @param media the extension's folder `media`. */
  constructor(checker: Pick<CollectionChecker, 'findingOf'>, media: vscode.Uri) {
    this.#checker = checker;
    this.#media = media;
  }

  register(): vscode.Disposable {
    return vscode.languages.registerCodeActionsProvider(collectionSelector, this, {
      providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
    });
  }

  async provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): Promise<vscode.CodeAction[]> {
    const actions = diagnostics.map(async (mark) => {
      const found = await this.#actionsFor(document, mark);
      for (const action of found) action.diagnostics = [mark];
      return found;
    });
    return (await Promise.all(actions)).flat();
  }

  async #actionsFor(
    document: vscode.TextDocument,
    mark: vscode.Diagnostic,
  ): Promise<vscode.CodeAction[]> {
    if (mark.code === previewMarkCode) {
      return [commandAction(t('Preview Again'), 'cfCollector.preview', document.uri)];
    }
    const finding = this.#checker.findingOf(mark);
    if (finding === undefined) return [];
    if (finding.kind === 'advice') return adviceActions(document, finding.advice);
    const { problem } = finding;
    if (problem.code === 'CONFIG_NO_MODULE') return this.#newModule(document, problem);
    const baseName = path.basename(document.uri.path, collectionFileName(''));
    return fixesOf(document.getText(), problem, baseName).map((fix) => fixAction(document, fix));
  }

  /** A module that is missing, made of the template. */
  async #newModule(
    document: vscode.TextDocument,
    { missingFile }: CollectionProblem,
  ): Promise<vscode.CodeAction[]> {
    if (missingFile === undefined) return [];
    const file = vscode.Uri.file(missingFile);
    const read = (...names: string[]): Thenable<Uint8Array> =>
      vscode.workspace.fs.readFile(vscode.Uri.joinPath(this.#media, ...names));
    const title = t('Create {0}', vscode.workspace.asRelativePath(file));
    const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
    action.edit = new vscode.WorkspaceEdit();
    action.edit.createFile(file, { contents: await read('templates', moduleTemplate) });
    const types = vscode.Uri.joinPath(file, '..', moduleTypesFile);
    const contents = await read('types', moduleTypesFile);
    action.edit.createFile(types, { contents, ignoreIfExists: true });
    action.command = { title, command: 'vscode.open', arguments: [file] };
    action.isPreferred = true;
    return [action];
  }
}

function fixAction(document: vscode.TextDocument, fix: CollectionFix): vscode.CodeAction {
  const action = new vscode.CodeAction(titleOf(fix), vscode.CodeActionKind.QuickFix);
  action.edit = new vscode.WorkspaceEdit();
  for (const { offset, length, content } of fix.edits) {
    const range = new vscode.Range(
      document.positionAt(offset),
      document.positionAt(offset + length),
    );
    action.edit.replace(document.uri, range, content);
  }
  action.isPreferred = fix.isPreferred;
  return action;
}

function titleOf({ kind, about }: CollectionFix): string {
  switch (kind) {
    case 'replace':
      return t('Change to “{0}”', about);
    case 'remove':
      return t('Remove “{0}”', about);
    case 'add-key':
      return t('Add “{0}”', about);
    case 'add-field':
      return t('Add Field “{0}”', about);
    default:
      return assertNever(kind, 'kind of fix');
  }
}

function adviceActions(
  document: vscode.TextDocument,
  { code, about }: Advice,
): vscode.CodeAction[] {
  switch (code) {
    case 'SECRET_NOT_SET':
      return [commandAction(t('Set Secret “{0}”…', about), 'cfCollector.setSecret', about)];
    case 'EXTENSION_NOT_INSTALLED': {
      const title = t('Show Extension {0}', about);
      return [commandAction(title, 'workbench.extensions.search', `@id:${about}`)];
    }
    case 'NAME_TAKEN':
    case 'PREFIX_TAKEN': {
      const file = vscode.Uri.joinPath(document.uri, '..', path.basename(about));
      return [commandAction(t('Open {0}', about), 'vscode.open', file)];
    }
    default:
      return assertNever(code, 'advice');
  }
}

function commandAction(title: string, command: string, argument: unknown): vscode.CodeAction {
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  action.command = { title, command, arguments: [argument] };
  action.isPreferred = true;
  return action;
}

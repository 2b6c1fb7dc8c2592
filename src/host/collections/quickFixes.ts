import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { assertNever } from '../../core/assert.ts';
import { fixesOf, type CollectionFix } from '../../core/collectionFixes.ts';
import { collectionFileName } from '../../core/templates.ts';
import type { CollectionProblem } from '../../protocol/worker.ts';
import type { Advice } from './advice.ts';
import { collectionSelector } from './collectionSelector.ts';
import type { CollectionChecker } from './diagnostics.ts';
import { previewMarkCode } from '../preview/previewMarks.ts';

/** What can be done about the marks in a collection file. */
export class CollectionQuickFixes implements vscode.CodeActionProvider {
  readonly #checker: Pick<CollectionChecker, 'findingOf'>;

  constructor(checker: Pick<CollectionChecker, 'findingOf'>) {
    this.#checker = checker;
  }

  register(): vscode.Disposable {
    return vscode.languages.registerCodeActionsProvider(collectionSelector, this, {
      providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
    });
  }

  provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    return diagnostics.flatMap((mark) => {
      const actions = this.#actionsFor(document, mark);
      for (const action of actions) action.diagnostics = [mark];
      return actions;
    });
  }

  #actionsFor(document: vscode.TextDocument, mark: vscode.Diagnostic): vscode.CodeAction[] {
    if (mark.code === previewMarkCode) {
      return [
        commandAction(t('Preview Again'), 'cfCollector.preview', document.uri),
        commandAction(t('Pick Fields'), 'cfCollector.pickFields', document.uri, false),
      ];
    }
    const finding = this.#checker.findingOf(mark);
    if (finding === undefined) return [];
    if (finding.kind === 'advice') return adviceActions(document, finding.advice);
    const { problem } = finding;
    if (problem.code === 'CONFIG_NO_MODULE') return moduleActions(problem);
    const baseName = path.basename(document.uri.path, collectionFileName(''));
    return fixesOf(document.getText(), problem, baseName).map((fix) => fixAction(document, fix));
  }
}

/** A module that is missing, made of the template. */
function moduleActions({ missingFile }: CollectionProblem): vscode.CodeAction[] {
  if (missingFile === undefined) return [];
  const file = vscode.Uri.file(missingFile);
  const title = t('Create {0}', vscode.workspace.asRelativePath(file));
  return [commandAction(title, 'cfCollector.createModule', file)];
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

function commandAction(
  title: string,
  command: string,
  argument: unknown,
  isPreferred = true,
): vscode.CodeAction {
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  action.command = { title, command, arguments: [argument] };
  action.isPreferred = isPreferred;
  return action;
}

import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { dataFilesGlob, settingDefaults } from '../../contributions.ts';
import type { Services } from '../services.ts';
import { editedWarning, editWarning } from '../text/dataFileText.ts';
import { showWarningMessage } from '../window.ts';
import type { DataFiles } from './dataFiles.ts';
import { readonlyIncludeFor, type ReadonlyInclude } from './readonlySetting.ts';

/**
 * Guards data files of sessions against edits: by the setting they are read-only in the editor, and where they are not,
 * an edit is warned about when it begins and when it is saved.
 */
export function registerMasterGuard(
  { reporter }: Pick<Services, 'reporter'>,
  files: DataFiles,
): vscode.Disposable {
  /** Documents whose edit was warned about, until they are clean again. */
  const warned = new Set<vscode.TextDocument>();
  // It may have been changed while nobody was there to see.
  reporter.guard(() => followProtectSetting(false));
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('cfCollector.protectMasters'))
        reporter.guard(() => followProtectSetting(true));
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (!document.isDirty) warned.delete(document);
      const known = knownFile(document, files);
      if (!known || !document.isDirty || warned.has(document)) return;
      warned.add(document);
      const text = editWarning(known, path.basename(document.fileName));
      reporter.guard(() => warnOfEdit(document, text));
    }),
    vscode.workspace.onDidSaveTextDocument((document) => {
      warned.delete(document);
      const known = knownFile(document, files);
      if (!known) return;
      void showWarningMessage(editedWarning(known, path.basename(document.fileName)));
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      warned.delete(document);
    }),
  );
}

function knownFile({ uri }: vscode.TextDocument, files: DataFiles) {
  return uri.scheme === 'file' ? files.get(uri.fsPath) : undefined;
}

async function warnOfEdit(document: vscode.TextDocument, text: string): Promise<void> {
  const undo = t('Undo Edit');
  const saveAs = t('Save As…');
  const chosen = await showWarningMessage(text, undo, saveAs);
  if (chosen === undefined || document.isClosed || !document.isDirty) return;
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand(
    chosen === undo ? 'workbench.action.files.revert' : 'workbench.action.files.saveAs',
  );
}

/**
 * Makes VS Code's own setting say what ours says, in the same settings file.
 *
 * @param isChanged also where ours says nothing any more. Else what VS Code's says there is a person's own.
 */
async function followProtectSetting(isChanged: boolean): Promise<void> {
  if (!vscode.workspace.isTrusted) return;
  const ours = vscode.workspace.getConfiguration('cfCollector').inspect<boolean>('protectMasters');
  const inUser = ours?.globalValue;
  const byUser = inUser ?? settingDefaults.protectMasters;
  const files = vscode.workspace.getConfiguration('files');
  const theirs = files.inspect<ReadonlyInclude>('readonlyInclude');
  const targets = [
    {
      target: vscode.ConfigurationTarget.Global,
      current: theirs?.globalValue,
      isProtected: inUser,
      isProtectedBelow: settingDefaults.protectMasters,
    },
    {
      target: vscode.ConfigurationTarget.Workspace,
      current: theirs?.workspaceValue,
      isProtected: ours?.workspaceValue,
      isProtectedBelow: byUser,
    },
  ];
  for (const { target, current, isProtected, isProtectedBelow } of targets) {
    if (isProtected === undefined && !isChanged) continue;
    const wanted = readonlyIncludeFor(dataFilesGlob, current, isProtected, isProtectedBelow);
    if (JSON.stringify(wanted) === JSON.stringify(current)) continue;
    await files.update('readonlyInclude', wanted, target);
  }
}

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
      if (!known || !document.isDirty || warned.has(document) || isSavedSoon(document)) return;
      warned.add(document);
      const text = editWarning(known, path.basename(document.fileName));
      reporter.guard(() => warnOfEdit(document, text, known.file.bytes));
    }),
    vscode.workspace.onDidSaveTextDocument((document) => {
      warned.delete(document);
      const known = knownFile(document, files);
      // As it was before: somebody has undone an edit.
      if (!known || bytesOf(document) === known.file.bytes) return;
      const text = editedWarning(known, path.basename(document.fileName));
      reporter.guard(() => warnOfEdit(document, text, known.file.bytes));
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      warned.delete(document);
    }),
  );
}

function knownFile({ uri }: vscode.TextDocument, files: DataFiles) {
  return uri.scheme === 'file' ? files.get(uri.fsPath) : undefined;
}

/** Whether VS Code saves what is edited by itself: there is no time for a warning before. */
function isSavedSoon({ uri }: vscode.TextDocument): boolean {
  return vscode.workspace.getConfiguration('files', uri).get('autoSave') === 'afterDelay';
}

function bytesOf(document: vscode.TextDocument): number {
  return Buffer.byteLength(document.getText());
}

/** @param bytes what the file had before anybody edited it. */
async function warnOfEdit(
  document: vscode.TextDocument,
  text: string,
  bytes: number,
): Promise<void> {
  const undo = t('Undo Edit');
  const saveAs = t('Save As…');
  const chosen = await showWarningMessage(text, undo, saveAs);
  if (chosen === undefined || document.isClosed) return;
  await vscode.window.showTextDocument(document);
  if (chosen === saveAs) await vscode.commands.executeCommand('workbench.action.files.saveAs');
  else if (document.isDirty) await vscode.commands.executeCommand('workbench.action.files.revert');
  else await undoSaved(document, bytes);
}

/** Takes back what was saved already, step by step as far as it goes. */
async function undoSaved(document: vscode.TextDocument, bytes: number): Promise<void> {
  let version: number;
  do {
    ({ version } = document);
    await vscode.commands.executeCommand('undo');
  } while (document.version !== version && bytesOf(document) !== bytes);
  await document.save();
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

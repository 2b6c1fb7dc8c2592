import { t } from '@vscode/l10n';
import { applyEdits, modify } from 'jsonc-parser';
import path from 'node:path';
import * as vscode from 'vscode';
import type { LimitUse } from '../../core/limits.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { limitToRaise, limitWords, raisedValue, valueProblem } from '../text/limitText.ts';
import { pickSession, type CommandTarget } from './pick.ts';
import type { Services } from '../services.ts';
import type { TrackedSession } from '../engine/sessionTracker.ts';
import { resumeSession } from '../collections/startCollection.ts';
import { showInputBox } from '../window.ts';

/**
 * Asks for a higher limit, writes it into the collection file, and takes the session up again with it. Gives the session
 * that runs.
 */
export async function raiseAndResume(
  services: Services,
  target: CommandTarget,
): Promise<SessionRef | undefined> {
  const session = await pickSession(services, target, {
    fits: (candidate) => limitToRaise(candidate) !== undefined,
    placeHolder: t('Which session is to get a higher limit?'),
    none: t('No session waits for a higher limit.'),
  });
  const use = session && limitToRaise(session);
  if (!session || !use) return undefined;
  const file = vscode.Uri.file(path.join(session.root, session.snapshot.view.collectionFile));
  const value = await askValue(services, session, use);
  if (value === undefined) return undefined;
  await writeLimit(file, use.name, value);
  return resumeSession(services, session);
}

async function askValue(
  { formats }: Services,
  { snapshot }: TrackedSession,
  use: LimitUse,
): Promise<number | undefined> {
  const { title, prompt } = limitWords(use, snapshot.view.name, formats);
  const text = await showInputBox({
    title,
    prompt,
    value: String(raisedValue(use)),
    ignoreFocusOut: true,
    validateInput: (given) => valueProblem(use, given, formats),
  });
  return text === undefined ? undefined : Number(text);
}

/** Writes a limit into a collection file, comments and all else left as they are; an open editor's text is the file's. */
async function writeLimit(file: vscode.Uri, name: LimitUse['name'], value: number): Promise<void> {
  const document = await vscode.workspace.openTextDocument(file);
  const before = document.getText();
  const edits = modify(before, ['limits', name], value, {
    formattingOptions: {
      insertSpaces: !/^\t/m.test(before),
      tabSize: /^( +)\S/m.exec(before)?.[1]?.length ?? 2,
      eol: document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n',
    },
  });
  const whole = new vscode.Range(document.positionAt(0), document.positionAt(before.length));
  const change = new vscode.WorkspaceEdit();
  change.replace(file, whole, applyEdits(before, edits));
  if (!(await vscode.workspace.applyEdit(change)) || !(await document.save())) {
    throw new Error(t('{0} could not be changed.', vscode.workspace.asRelativePath(file)));
  }
}

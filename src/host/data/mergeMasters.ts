import { t } from '@vscode/l10n';
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { OnConflict } from '../../core/mergeManifest.ts';
import type { RequestResult } from '../../protocol/rpc.ts';
import type { SessionRef, ToolRequests } from '../../protocol/worker.ts';
import { mergeSummary, needsALook } from '../text/mergeText.ts';
import { plainItem } from '../text/plainText.ts';
import { fileNames, joinParts, recordsPhrase } from '../text/phrases.ts';
import { refOf, targetsOf, type CommandTarget, type Selection } from '../sessions/pick.ts';
import { showRunProgress } from '../sessions/runProgress.ts';
import type { Services } from '../services.ts';
import { readTimeoutMs } from '../engine/sessionTracker.ts';
import { showDashboardOnStart } from '../collections/startCollection.ts';
import { baseName, mastersOf } from '../tree/treeModel.ts';
import { workspaceOf } from '../workspace.ts';
import {
  showInformationMessage,
  showInputBox,
  showQuickPick,
  showWarningMessage,
} from '../window.ts';

/** What a merge is asked to do, beside its inputs. */
interface MergeChoices {
  readonly key: readonly string[] | null;
  readonly onConflict: OnConflict;
  readonly output: string | null;
}

type MergeOutcome = RequestResult<ToolRequests, 'readMergeManifest'>;

/** Merges masters and other files of records into one new file, as a session of its own. Gives that session. */
export async function mergeMasters(
  services: Services,
  target: CommandTarget,
  selection: Selection,
): Promise<SessionRef | undefined> {
  const selected = await filesOf(services, targetsOf(target, selection));
  const inputs = selected.length > 1 ? selected : await pickInputs(services, selected);
  const [first] = inputs ?? [];
  if (!inputs || first === undefined) return undefined;
  const workspace = workspaceOf(vscode.Uri.file(first));
  const choices = await askForChoices(workspace, inputs);
  if (!choices) return undefined;
  const ref = await services.runs.merge({ workspace, inputs, sort: null, ...choices });
  showDashboardOnStart(services, ref);
  showRunProgress(services, ref, t('Merging'));
  return ref;
}

/** What a session that is complete has merged; undefined when it is no merge. */
export async function mergeOf(
  { engine }: Services,
  ref: SessionRef,
): Promise<MergeOutcome | undefined> {
  try {
    return await engine.request('readMergeManifest', ref, readTimeoutMs);
  } catch {
    return undefined;
  }
}

/** Says what a merge came to, with the ways to look at it. */
export async function tellMerged(
  { formats }: Services,
  { path: file, manifest }: MergeOutcome,
): Promise<void> {
  const text = mergeSummary(manifest, formats);
  const openFile = t('Open File');
  const openManifest = t('Open Manifest');
  const chosen = needsALook(manifest)
    ? await showWarningMessage(text, openManifest, openFile)
    : await showInformationMessage(text, openFile, openManifest);
  const beside = path.join(path.dirname(file), baseName(manifest.output));
  if (chosen === openFile) await open(beside);
  if (chosen === openManifest) await open(file);
}

async function open(file: string): Promise<void> {
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file));
}

/** The files that a selection stands for: of a session, all its masters. */
async function filesOf(services: Services, chosen: Selection): Promise<string[]> {
  const files: string[] = [];
  for (const one of chosen) {
    if (one instanceof vscode.Uri) files.push(one.fsPath);
    else if (one && 'kind' in one && one.kind === 'master') files.push(one.path);
    else files.push(...(await mastersOfSession(services, refOf(one))));
  }
  return [...new Set(files)];
}

/** A session's masters, oldest first. */
async function mastersOfSession(
  { tracker }: Services,
  ref: SessionRef | undefined,
): Promise<string[]> {
  const session = ref && (await tracker.find(ref));
  if (!session) return [];
  const { root, snapshot } = session;
  return mastersOf(snapshot.view.files)
    .map(({ file }) => path.join(root, file))
    .reverse();
}

type InputItem = vscode.QuickPickItem & { readonly file: string };

/** Lets a person tick masters of the workspace, or look for other files. */
async function pickInputs(
  services: Services,
  ticked: readonly string[],
): Promise<readonly string[] | undefined> {
  const known = await knownMasters(services);
  const others = ticked.filter((file) => !known.some((item) => item.file === file));
  const items = [...others.map((file) => ({ label: path.basename(file), file })), ...known].map(
    (item: InputItem) => plainItem(item),
  );
  if (items.length === 0) return browse();
  const pick = vscode.window.createQuickPick<InputItem>();
  const browsing: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon('folder-opened'),
    tooltip: t('Browse for Other Files'),
  };
  pick.title = t('Merge Masters');
  pick.placeholder = t('Which files do you want to merge?');
  pick.canSelectMany = true;
  pick.matchOnDescription = true;
  pick.ignoreFocusOut = true;
  pick.items = items;
  pick.selectedItems = items.filter(({ file }) => ticked.includes(file));
  pick.buttons = [browsing];
  pick.show();
  try {
    return await new Promise((resolve) => {
      pick.onDidAccept(() => {
        resolve(
          pick.selectedItems.length === 0 ? undefined : pick.selectedItems.map((i) => i.file),
        );
      });
      pick.onDidTriggerButton(() => {
        const chosen = pick.selectedItems.map(({ file }) => file);
        resolve(browse().then((found) => found && [...new Set([...chosen, ...found])]));
      });
      pick.onDidHide(() => {
        resolve(undefined);
      });
    });
  } finally {
    pick.dispose();
  }
}

/** Every master of the workspace, oldest first: as records came in, so does the first one win. */
async function knownMasters({ tracker, formats }: Services): Promise<InputItem[]> {
  const sessions = [...(await tracker.list())].reverse();
  return sessions.flatMap(({ root, snapshot: { view } }) =>
    [...mastersOf(view.files)].reverse().map(({ file, lines }) => ({
      label: baseName(file),
      description: joinParts([view.name, recordsPhrase(lines, formats)]),
      file: path.join(root, file),
    })),
  );
}

async function browse(): Promise<readonly string[] | undefined> {
  const found = await vscode.window.showOpenDialog({
    title: t('Merge Masters'),
    openLabel: t('Merge'),
    canSelectMany: true,
    filters: { [t('Records')]: ['jsonl', 'ndjson', 'csv', 'tsv', 'gz'] },
  });
  return found?.map(({ fsPath }) => fsPath);
}

async function askForChoices(
  workspace: string,
  inputs: readonly string[],
): Promise<MergeChoices | undefined> {
  const key = await askForKey(inputs);
  if (key === undefined) return undefined;
  const onConflict = await askForConflict(inputs);
  if (onConflict === undefined) return undefined;
  const output = await askForOutput(workspace);
  return output === undefined ? undefined : { key, onConflict, output };
}

/** Undefined when a person gave up; null leaves it to the engine. */
async function askForKey(inputs: readonly string[]): Promise<readonly string[] | null | undefined> {
  const own = {
    label: t('As Collected'),
    detail: t('The key of the sessions, where all have the same; else the whole record'),
  };
  const fields = {
    label: t('Key Fields…'),
    detail: t('Records with the same values in these fields are the same'),
  };
  const title = mergeTitle(inputs);
  const picked = await showQuickPick([own, fields], {
    title,
    placeHolder: t('What makes two records the same?'),
    ignoreFocusOut: true,
  });
  if (picked === own) return null;
  if (picked !== fields) return undefined;
  const text = await showInputBox({
    title,
    prompt: t('Fields of the key, separated by commas'),
    placeHolder: 'doi, year',
    ignoreFocusOut: true,
    validateInput: (value) =>
      splitFields(value).length === 0 ? t('Name at least one field.') : undefined,
  });
  return text === undefined ? undefined : splitFields(text);
}

function splitFields(text: string): string[] {
  return text
    .split(',')
    .map((field) => field.trim())
    .filter((field) => field !== '');
}

async function askForConflict(inputs: readonly string[]): Promise<OnConflict | undefined> {
  const items: readonly (vscode.QuickPickItem & { readonly value: OnConflict })[] = [
    { value: 'first', label: t('The First'), detail: t('In the order of the files; the fastest') },
    { value: 'last', label: t('The Last'), detail: t('In the order of the files') },
    {
      value: 'richest',
      label: t('The Richest'),
      detail: t('The one with the most fields that hold something'),
    },
  ];
  const picked = await showQuickPick(items, {
    title: mergeTitle(inputs),
    placeHolder: t('Which of several records with the same key is kept?'),
    ignoreFocusOut: true,
  });
  return picked?.value;
}

/** The new file's path; null leaves the name to the engine, undefined gives up. */
async function askForOutput(workspace: string): Promise<string | null | undefined> {
  const text = await showInputBox({
    title: t('Merge Masters'),
    prompt: t('The new file, from the workspace folder. Left empty, it gets a name with the time.'),
    placeHolder: 'data/merged/all.jsonl',
    ignoreFocusOut: true,
    validateInput: (value) =>
      value.trim() !== '' && existsSync(path.resolve(workspace, value.trim()))
        ? t('{0} exists already.', value.trim())
        : undefined,
  });
  if (text === undefined) return undefined;
  return text.trim() === '' ? null : path.resolve(workspace, text.trim());
}

function mergeTitle(inputs: readonly string[]): string {
  return t('Merge {0}', fileNames(inputs));
}

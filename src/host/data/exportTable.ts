import { t } from '@vscode/l10n';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { runJob } from '../engine/jobs.ts';
import { joinParts } from '../text/phrases.ts';
import { isNode, pickMaster, type CommandTarget } from '../sessions/pick.ts';
import { requireTrust } from '../engine/runs.ts';
import type { Services } from '../services.ts';
import { showInformationMessage, showQuickPick, showWarningMessage } from '../window.ts';

type Format = 'csv' | 'parquet';

/** Writes a master, or any JSONL, as a table. Gives the new file. */
export async function exportTable(
  services: Services,
  target: CommandTarget,
): Promise<vscode.Uri | undefined> {
  requireTrust();
  const input = await inputOf(services, target);
  if (!input) return undefined;
  const format = await askForFormat();
  if (!format) return undefined;
  const output = await askForFile(input, format);
  if (!output) return undefined;
  const result = await runJob(services, t('Exporting'), (job) => {
    const params = { job, input: input.fsPath, format, output: output.fsPath };
    return services.engine.request('exportTable', params, 0);
  });
  if (!result) return undefined;
  services.reporter.guard(() => tellExported(services, output, result));
  return output;
}

async function inputOf(services: Services, target: CommandTarget): Promise<vscode.Uri | undefined> {
  if (target instanceof vscode.Uri) return target;
  if (isNode(target, 'master')) return vscode.Uri.file(target.path);
  return pickMaster(services, target, t('Which master do you want to export?'));
}

async function askForFormat(): Promise<Format | undefined> {
  const items: readonly (vscode.QuickPickItem & { readonly value: Format })[] = [
    {
      value: 'csv',
      label: 'CSV',
      detail: t('For spreadsheets; nested values become JSON text'),
    },
    {
      value: 'parquet',
      label: 'Parquet',
      detail: t('For pandas, DuckDB and others; columns keep their types'),
    },
  ];
  const picked = await showQuickPick(items, {
    title: t('Export'),
    placeHolder: t('What should it become?'),
  });
  return picked?.value;
}

/** Asks until the name is free: an export never writes over anything. */
async function askForFile(input: vscode.Uri, format: Format): Promise<vscode.Uri | undefined> {
  const stem = input.path.replace(/\.(jsonl|ndjson)(\.gz)?$/, '');
  let proposed = input.with({ path: `${stem}.${format}` });
  for (;;) {
    const output = await vscode.window.showSaveDialog({
      defaultUri: proposed,
      title: t('Export'),
      saveLabel: t('Export'),
      filters: format === 'csv' ? { CSV: ['csv'] } : { Parquet: ['parquet'] },
    });
    if (!output || !existsSync(output.fsPath)) return output;
    proposed = output;
    const name = vscode.workspace.asRelativePath(output);
    const again = t('Choose Another Name');
    const chosen = await showWarningMessage(
      t('{0} exists already, and an export never writes over a file.', name),
      { modal: true },
      again,
    );
    if (chosen !== again) return undefined;
  }
}

async function tellExported(
  { formats }: Services,
  output: vscode.Uri,
  result: { rows: number; columns: number; bytes: number; rejected: number },
): Promise<void> {
  const { rows, columns, bytes, rejected } = result;
  const counts = joinParts([
    t('{0} rows', formats.count(rows)),
    t('{0} columns', formats.count(columns)),
    formats.bytes(bytes),
    rejected === 0 ? '' : t('{0} lines that are no records left out', formats.count(rejected)),
  ]);
  const reveal = t('Reveal');
  const chosen = await showInformationMessage(
    t('{0} is written: {1}.', vscode.workspace.asRelativePath(output), counts),
    reveal,
  );
  if (chosen !== reveal) return;
  const isInside = vscode.workspace.getWorkspaceFolder(output) !== undefined;
  await vscode.commands.executeCommand(isInside ? 'revealInExplorer' : 'revealFileInOS', output);
}

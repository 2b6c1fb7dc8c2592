import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ImportReport } from '../../core/importReport.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { importMarkdown } from '../text/importText.ts';
import { runJob } from '../engine/jobs.ts';
import { fileNames, joinParts, recordsPhrase } from '../text/phrases.ts';
import { pickCollection, type CommandTarget } from '../sessions/pick.ts';
import { requireTrust } from '../engine/runs.ts';
import type { Services } from '../services.ts';
import { resumeSession } from '../collections/startCollection.ts';
import { findCollections, trustedFolderPaths, workspaceOf } from '../workspace.ts';
import { showInformationMessage, showQuickPick } from '../window.ts';

/** Carries an earlier system's data over and shows what became of it. */
export async function importEarlier(
  services: Services,
  target: CommandTarget,
): Promise<ImportReport | undefined> {
  requireTrust();
  const from = target instanceof vscode.Uri ? target : await pickEarlier();
  if (!from) return undefined;
  const workspace = workspaceOf(from);
  const collection = await askForCollection();
  if (collection === undefined) return undefined;
  const report = await runJob(services, t('Importing'), (job) => {
    const params = { job, workspace, path: from.fsPath, collection };
    return services.engine.request('importEarlier', params, 0);
  });
  if (!report) return undefined;
  services.tracker.refresh();
  const { reports, formats, reporter } = services;
  await reports.show(reports.keep(t('Import report'), importMarkdown(report, formats)));
  reporter.guard(() => tellImported(services, report));
  return report;
}

/** Makes a session of a master whose state is gone, so that collecting can go on. Gives the session. */
export async function adoptMaster(
  services: Services,
  target: CommandTarget,
): Promise<SessionRef | undefined> {
  requireTrust();
  const master =
    target instanceof vscode.Uri ? target : await browse(t('Adopt Master'), 'file', masterFilter());
  if (!master) return undefined;
  const collection = await pickCollection(
    undefined,
    t('Which collection does {0} belong to?', fileNames([master.fsPath])),
  );
  if (!collection) return undefined;
  const workspace = workspaceOf(collection);
  const result = await runJob(services, t('Adopting'), (job) => {
    const params = { job, workspace, master: master.fsPath, collection: collection.fsPath };
    return services.engine.request('adopt', params, 0);
  });
  if (!result) return undefined;
  services.tracker.refresh();
  const ref = { workspace, session: result.session };
  services.reporter.guard(() => tellAdopted(services, ref, master, result));
  return ref;
}

async function tellImported(
  { tracker, formats }: Services,
  { sessions, notCarriedOver, files }: ImportReport,
): Promise<void> {
  const records = sessions.reduce((sum, session) => sum + session.records, 0);
  const text = t(
    'Imported: {0}.',
    joinParts([
      sessions.length === 1 ? t('1 session') : t('{0} sessions', formats.count(sessions.length)),
      recordsPhrase(records, formats),
      files.length === 0 ? '' : fileNames(files),
      notCarriedOver.length === 0
        ? ''
        : t('{0} not carried over', formats.count(notCarriedOver.length)),
    ]),
  );
  const show = t('Show Sessions');
  const chosen = await showInformationMessage(text, ...(sessions.length > 0 ? [show] : []));
  if (chosen !== show) return;
  tracker.refresh();
  await vscode.commands.executeCommand('cfCollector.sessions.focus');
}

async function tellAdopted(
  services: Services,
  ref: SessionRef,
  master: vscode.Uri,
  { records, rejected }: { records: number; rejected: number },
): Promise<void> {
  const { formats, tracker } = services;
  const name = fileNames([master.fsPath]);
  const known = recordsPhrase(records, formats);
  const resume = t('Resume');
  const text =
    rejected === 0
      ? t('{0} is a session’s master again: {1}.', name, known)
      : t(
          '{0} is a session’s master again: {1}; {2} lines are no records of it.',
          name,
          known,
          formats.count(rejected),
        );
  if ((await showInformationMessage(text, resume)) !== resume) return;
  const session = await tracker.find(ref);
  if (session) await resumeSession(services, session);
}

async function pickEarlier(): Promise<vscode.Uri | undefined> {
  const folder = {
    label: `$(folder) ${t('A Folder')}`,
    detail: t('A .cf_state of compute-forecast, the output of reply-guyd or glider'),
  };
  const file = {
    label: `$(file) ${t('A File')}`,
    detail: t('A checkpoint, a master (.jsonl), a configuration of glider'),
  };
  // One dialog for both exists on macOS only.
  const picked = await showQuickPick([folder, file], {
    title: t('Import Earlier Data'),
    placeHolder: t('What do you want to import? It is only read.'),
  });
  return picked && browse(t('Import Earlier Data'), picked === folder ? 'folder' : 'file');
}

async function browse(
  title: string,
  kind: 'file' | 'folder',
  filters?: Record<string, string[]>,
): Promise<vscode.Uri | undefined> {
  const [first] = trustedFolderPaths();
  const found = await vscode.window.showOpenDialog({
    title,
    canSelectFiles: kind === 'file',
    canSelectFolders: kind === 'folder',
    // With none at all, the dialog would list no file.
    ...(filters && { filters }),
    ...(first !== undefined && { defaultUri: vscode.Uri.file(first) }),
  });
  return found?.[0];
}

function masterFilter(): Record<string, string[]> {
  return { [t('Records')]: ['jsonl', 'ndjson'] };
}

/** The collection to carry data over to; null makes one, undefined gives up. */
async function askForCollection(): Promise<string | null | undefined> {
  const files = await findCollections();
  if (files.length === 0) return null;
  const make = {
    label: `$(add) ${t('Make a Collection of It')}`,
    detail: t('A new *.collect.json that collects what is left'),
    path: null,
  };
  const items = files.map((file) => ({
    label: vscode.workspace.asRelativePath(file),
    detail: '',
    path: file.fsPath,
  }));
  const picked = await showQuickPick([make, ...items], {
    title: t('Import Earlier Data'),
    placeHolder: t('Which collection goes on with it?'),
  });
  return picked?.path;
}

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandId, internalCommandIds } from '../contributions.ts';
import type { SessionRef } from '../protocol/worker.ts';
import { installBrowser } from './collections/installBrowser.ts';
import { openWalkthrough } from './firstMinute/walkthrough.ts';
import { openCheckpoint, openLog, openMaster } from './sessions/openFiles.ts';
import {
  isNode,
  pickCollection,
  pickSession,
  type CommandTarget,
  type Selection,
} from './sessions/pick.ts';
import type { Services } from './services.ts';
import { resumeSession, startCollection } from './collections/startCollection.ts';
import { runInTerminal } from './collections/terminal.ts';
import type { SessionTree } from './tree/sessionTree.ts';
import { validate } from './data/validation.ts';
import { isCollectionFile } from './workspace.ts';

/**
 * @param selection all that is selected where the command was chosen; empty when it was not chosen there.
 */
type Handler = (
  services: Services,
  target: CommandTarget,
  selection: Selection,
  tree: SessionTree,
) => unknown;

/** A handler whose file is loaded when its command is first run. */
function late(load: () => Promise<Handler>): Handler {
  return async (...parameters) => (await load())(...parameters);
}

/** Every command. What a handler throws is shown to the person; what it gives is the command's result. */
const handlers: Record<CommandId | (typeof internalCommandIds)[number], Handler> = {
  'cfCollector.start': startCollection,
  'cfCollector.new': late(
    async () => (await import('./collections/newCollection.ts')).newCollection,
  ),
  'cfCollector.preview': preview,
  'cfCollector.pickFields': late(async () => (await import('./picker/pickFields.ts')).pickFields),
  'cfCollector.pause': pause,
  'cfCollector.stop': stop,
  'cfCollector.resume': resume,
  'cfCollector.raiseAndResume': late(
    async () => (await import('./sessions/raiseLimit.ts')).raiseAndResume,
  ),
  'cfCollector.runInTerminal': runCollectionInTerminal,
  'cfCollector.openDashboard': openDashboard,
  'cfCollector.openOverview': ({ overview }) => {
    overview.show();
  },
  'cfCollector.openMaster': openMaster,
  'cfCollector.openRecords': late(
    async () => (await import('./viewer/openRecords.ts')).openRecords,
  ),
  'cfCollector.openCheckpoint': openCheckpoint,
  'cfCollector.openLog': openLog,
  'cfCollector.resumeFromCheckpoint': late(
    async () => (await import('./sessions/recovery.ts')).resumeFromCheckpoint,
  ),
  'cfCollector.showRecoveryPlan': late(
    async () => (await import('./sessions/recovery.ts')).showRecoveryPlan,
  ),
  'cfCollector.retryFailedUnits': late(
    async () => (await import('./sessions/recovery.ts')).retryFailedUnits,
  ),
  'cfCollector.discardState': late(
    async () => (await import('./sessions/recovery.ts')).discardState,
  ),
  'cfCollector.validate': validate,
  'cfCollector.showValidationReport': ({ validator }) => validator.showLastReport(),
  'cfCollector.mergeMasters': late(
    async () => (await import('./data/mergeMasters.ts')).mergeMasters,
  ),
  'cfCollector.remapFromRaw': late(async () => (await import('./sessions/remap.ts')).remapFromRaw),
  'cfCollector.exportTable': late(async () => (await import('./data/exportTable.ts')).exportTable),
  'cfCollector.importEarlier': late(
    async () => (await import('./data/importEarlier.ts')).importEarlier,
  ),
  'cfCollector.adoptMaster': late(
    async () => (await import('./data/importEarlier.ts')).adoptMaster,
  ),
  'cfCollector.restoreCollection': late(
    async () => (await import('./collections/missingCollection.ts')).restoreCollection,
  ),
  'cfCollector.setSecret': ({ secrets }, target) => secrets.ask(secretNameIn(target)),
  'cfCollector.installBrowser': installBrowser,
  'cfCollector.openSample': late(
    async () => (await import('./firstMinute/openSample.ts')).openSample,
  ),
  'cfCollector.openWalkthrough': (services) => openWalkthrough(services),
  'cfCollector.createModule': late(
    async () => (await import('./collections/createModule.ts')).createModule,
  ),
  'cfCollector.refresh': ({ tracker }) => {
    tracker.refresh();
  },
  'cfCollector.showMoreFailedUnits': (_services, target, _selection, tree) => {
    if (isNode(target, 'more')) tree.showMore(target.session);
  },
};

/** Registers every command of the table. */
export function registerCommands(services: Services, tree: SessionTree): vscode.Disposable[] {
  return Object.entries(handlers).map(([id, handler]) =>
    vscode.commands.registerCommand(id, async (target?: CommandTarget, selected?: unknown) => {
      try {
        // Other menus give something else there.
        const selection = Array.isArray(selected) ? (selected as Selection) : [];
        return await handler(services, target, selection, tree);
      } catch (error) {
        // Not awaited: a command has ended when its work has, not when its message is closed.
        void services.reporter.show(error);
        return undefined;
      }
    }),
  );
}

/** A quick fix names the secret. */
function secretNameIn(target: unknown): string | undefined {
  return typeof target === 'string' ? target : undefined;
}

async function preview(services: Services, target: CommandTarget): Promise<void> {
  const shown = target === undefined ? shownCollection() : undefined;
  // Its page comes beside what is active: that is to be the collection and not, say, the walkthrough.
  if (shown) await vscode.window.showTextDocument(shown.document, shown.viewColumn);
  const question = t('Which collection do you want to preview?');
  const file = shown?.document.uri ?? (await pickCollection(target, question));
  if (!file) return;
  await services.samples.before(file);
  await services.previews.open(file);
}

/** The editor of a collection that is active; the only one that is seen, where no text editor is. */
function shownCollection(): vscode.TextEditor | undefined {
  const { activeTextEditor: active, visibleTextEditors: visible } = vscode.window;
  const editors = active === undefined ? visible : [active];
  const [first, ...others] = editors.filter(({ document }) => isCollectionFile(document.uri));
  return others.length === 0 ? first : undefined;
}

async function pause(services: Services, target: CommandTarget): Promise<void> {
  const session = await pickSession(services, target, {
    fits: ({ isOurs, snapshot }) => isOurs && snapshot.view.state === 'active',
    placeHolder: t('Which session do you want to pause?'),
    none: t('No session is running in this window.'),
  });
  if (session) await services.runs.pause(session.ref);
}

async function stop(services: Services, target: CommandTarget): Promise<void> {
  const session = await pickSession(services, target, {
    fits: ({ isOurs }) => isOurs,
    placeHolder: t('Which session do you want to stop?'),
    none: t('No session is running in this window.'),
  });
  if (session) await services.runs.stop(session.ref);
}

async function resume(services: Services, target: CommandTarget): Promise<SessionRef | undefined> {
  const session = await pickSession(services, target, {
    fits: ({ resumable }) => resumable,
    placeHolder: t('Which session do you want to resume?'),
    none: t('There is no session to resume.'),
  });
  return session && resumeSession(services, session);
}

async function openDashboard(services: Services, target: CommandTarget): Promise<void> {
  const session = await pickSession(services, target, {
    fits: () => true,
    placeHolder: t('Whose dashboard do you want to open?'),
    none: t('There is no session yet. Start a collection first.'),
  });
  if (session) await services.dashboards.open(session.ref);
}

async function runCollectionInTerminal(services: Services, target: CommandTarget): Promise<void> {
  const file = await pickCollection(target);
  const folder = file && vscode.workspace.getWorkspaceFolder(file);
  if (!folder) return;
  await runInTerminal(services, folder.uri.fsPath, ['run', file.fsPath]);
}

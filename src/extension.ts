import * as vscode from 'vscode';
import { registerAuthoring } from './host/collections/authoring.ts';
import { createApi, type CollectorApi } from './host/api.ts';
import { registerCommands } from './host/commands.ts';
import { createServices } from './host/compose.ts';
import { registerContextKeys } from './host/contextKeys.ts';
import { registerDataFiles } from './host/data/registerDataFiles.ts';
import { registerFirstMinute } from './host/firstMinute/firstMinute.ts';
import { registerMetrics } from './host/engine/metrics.ts';
import { registerEndNotices } from './host/sessions/endNotice.ts';
import { offerResume, offerResumeAfterCrash } from './host/sessions/resumeOffer.ts';
import type { Services } from './host/services.ts';
import { StatusBar } from './host/sessions/statusBar.ts';
import { watchCollectionFiles } from './host/collections/missingCollection.ts';
import { registerTools } from './host/languageModel/registerTools.ts';
import { registerTasks } from './host/tasks/taskProvider.ts';
import { SessionTree } from './host/tree/sessionTree.ts';
import { showErrorMessage } from './host/window.ts';
import { registerRecordViewer } from './host/viewer/recordViewerProvider.ts';
import { registerVerdictBadges } from './host/tree/verdictBadges.ts';

let active: Services | undefined;

export function activate(context: vscode.ExtensionContext): CollectorApi {
  try {
    const services = createServices(context);
    const { tracker, notices, dashboards, overview, previews, checker } = services;
    const tree = new SessionTree(services);
    context.subscriptions.push(
      tree,
      new StatusBar(services),
      checker.register(context.secrets.onDidChange),
      registerContextKeys(services),
      registerMetrics(services),
      registerEndNotices(services),
      registerVerdictBadges(),
      registerFirstMinute(services),
      registerTasks(services),
      registerTools(services),
      watchCollectionFiles(services),
      dashboards.register(),
      overview.register(),
      registerRecordViewer(services),
      registerDataFiles(services),
      previews.register(),
      registerAuthoring(services),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        tracker.refresh();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        tracker.refresh();
      }),
      ...registerCommands(services, tree),
    );
    tracker.events.on('lost', (refs, error) => {
      notices.add(() => offerResumeAfterCrash(services, refs, error));
    });
    notices.add(() => offerResume(services));
    active = services;
    return createApi(services);
  } catch (error) {
    // VS Code shows nothing itself.
    void showErrorMessage(vscode.l10n.t('CF Collector could not start: {0}', String(error)));
    throw error;
  }
}

/** The window closes: what runs is stopped and checkpointed, as far as the time allows. */
export async function deactivate(): Promise<void> {
  await active?.runs.stopAll();
  await active?.engine.dispose();
}

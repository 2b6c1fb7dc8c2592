import * as l10n from '@vscode/l10n';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import * as vscode from 'vscode';
import { dashboardActions, overviewActions } from './dashboard/dashboardActions.ts';
import { DashboardManager } from './dashboard/dashboardManager.ts';
import { OverviewPanel } from './dashboard/overviewPanel.ts';
import { CollectionAdvisor } from './collections/advice.ts';
import { CollectionChecker } from './collections/diagnostics.ts';
import { EngineClient, type EngineWorker } from './engine/engineClient.ts';
import { installBrowser } from './collections/installBrowser.ts';
import { ExtensionSources } from './engine/extensionSources.ts';
import { createLog, logEngineLine } from './log.ts';
import { Memory } from './memory.ts';
import { PickerManager } from './picker/pickerManager.ts';
import { PreviewManager } from './preview/previewManager.ts';
import { Reporter } from './report.ts';
import { ReportDocuments } from './data/reportDocuments.ts';
import { Runs } from './engine/runs.ts';
import { SecretVault } from './collections/secrets.ts';
import { Samples } from './firstMinute/samples.ts';
import { WalkthroughProgress } from './firstMinute/walkthroughProgress.ts';
import { editorFormats, type Services } from './services.ts';
import { NoticeQueue } from './sessions/noticeQueue.ts';
import { SessionDocuments } from './sessions/sessionDocuments.ts';
import { SessionTracker } from './engine/sessionTracker.ts';
import { Validator } from './data/validation.ts';
import { configEngineText } from './text/engineText.ts';
import { trustedFolderPaths } from './workspace.ts';

/** Makes the parts and gives them to each other. Starts nothing: the engine comes with the first request. */
export function createServices(context: vscode.ExtensionContext): Services {
  if (vscode.l10n.bundle) {
    l10n.config({ contents: vscode.l10n.bundle });
    configEngineText(vscode.l10n.bundle);
  }
  const log = createLog();
  const formats = editorFormats();
  const secrets = new SecretVault(context.secrets);
  const extensionSources = new ExtensionSources();
  const engine = new EngineClient({
    spawn: () => spawnWorker(context, log),
    secret: (name) => secrets.get(name),
    openSource: (id, channel, onGone) => extensionSources.open(id, channel, onGone),
  });
  engine.events.on('log', (line) => {
    logEngineLine(log, line);
  });
  const tracker = new SessionTracker(engine, trustedFolderPaths);
  const checker = new CollectionChecker(engine, log, new CollectionAdvisor(secrets));
  const samples = new Samples(engine, log);
  const memory = new Memory(context);
  const walkthrough = new WalkthroughProgress(memory);
  const runs = new Runs(
    engine,
    tracker,
    (file) => samples.before(file),
    (step) => {
      walkthrough.done(step);
    },
  );
  const reporter = new Reporter({
    log,
    formats,
    secrets,
    showProblem: (uri) => checker.showFirstProblem(uri),
    installBrowser: () => installBrowser(services),
  });
  const dashboards = new DashboardManager({
    extensionUri: context.extensionUri,
    tracker,
    actions: dashboardActions(() => services),
  });
  const overview = new OverviewPanel({
    extensionUri: context.extensionUri,
    tracker,
    actions: overviewActions(() => services),
  });
  const pageOptions = {
    extensionUri: context.extensionUri,
    engine,
    formats,
    log,
    actions: {
      showProblem: (file: vscode.Uri) => checker.showFirstProblem(file),
      setSecret: (name: string | undefined) => secrets.ask(name),
      installBrowser: () => installBrowser(services),
    },
  };
  const previews = new PreviewManager(pageOptions);
  const pickers = new PickerManager(pageOptions);
  const documents = new SessionDocuments({ engine, formats, tracker });
  const reports = new ReportDocuments();
  const validator = new Validator({ engine, formats, log, reports, tracker });
  const services: Services = {
    context,
    log,
    formats,
    memory,
    secrets,
    engine,
    extensionSources,
    tracker,
    reporter,
    checker,
    runs,
    notices: new NoticeQueue((error) => void reporter.show(error)),
    dashboards,
    overview,
    previews,
    pickers,
    documents,
    reports,
    validator,
    samples,
    walkthrough,
  };
  context.subscriptions.push(log, checker, previews, pickers, documents, reports, validator);
  return services;
}

/** The engine beside the extension host's event loop; what it prints goes to the log. */
function spawnWorker(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): EngineWorker {
  const file = path.join(context.extensionPath, 'dist', 'worker.js');
  const worker = new Worker(file, { name: 'cf-collector', stdout: true, stderr: true });
  worker.stdout.setEncoding('utf8').on('data', (text: string) => {
    log.debug(text.trimEnd());
  });
  worker.stderr.setEncoding('utf8').on('data', (text: string) => {
    log.warn(text.trimEnd());
  });
  return worker;
}

import * as vscode from 'vscode';
import { formatsFor, type Formats } from '../core/format.ts';
import type { DashboardManager } from './dashboard/dashboardManager.ts';
import type { OverviewPanel } from './dashboard/overviewPanel.ts';
import type { CollectionChecker } from './collections/diagnostics.ts';
import type { EngineClient } from './engine/engineClient.ts';
import type { ExtensionSources } from './engine/extensionSources.ts';
import type { Memory } from './memory.ts';
import type { Samples } from './firstMinute/samples.ts';
import type { WalkthroughProgress } from './firstMinute/walkthroughProgress.ts';
import type { PickerManager } from './picker/pickerManager.ts';
import type { PreviewManager } from './preview/previewManager.ts';
import type { Reporter } from './report.ts';
import type { ReportDocuments } from './data/reportDocuments.ts';
import type { Runs } from './engine/runs.ts';
import type { SecretVault } from './collections/secrets.ts';
import type { NoticeQueue } from './sessions/noticeQueue.ts';
import type { SessionDocuments } from './sessions/sessionDocuments.ts';
import type { SessionTracker } from './engine/sessionTracker.ts';
import type { Validator } from './data/validation.ts';

/** Everything that commands and views need of each other; made once, in extension.ts. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly formats: Formats;
  readonly memory: Memory;
  readonly secrets: SecretVault;
  readonly engine: EngineClient;
  /** What other extensions have registered. */
  readonly extensionSources: ExtensionSources;
  readonly tracker: SessionTracker;
  readonly reporter: Reporter;
  readonly checker: CollectionChecker;
  readonly runs: Runs;
  /** Notifications that nobody asked for. */
  readonly notices: NoticeQueue;
  readonly dashboards: DashboardManager;
  readonly overview: OverviewPanel;
  readonly previews: PreviewManager;
  readonly pickers: PickerManager;
  /** Pages about a session, made of its files. */
  readonly documents: SessionDocuments;
  /** Pages about what was done in this window. */
  readonly reports: ReportDocuments;
  readonly validator: Validator;
  readonly samples: Samples;
  readonly walkthrough: WalkthroughProgress;
}

/** The formats of the editor's language. */
export function editorFormats(): Formats {
  return formatsFor(vscode.env.language);
}

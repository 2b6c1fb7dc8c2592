/**
 * The ids of everything in package.json's `contributes`, with the types that package.json can't state: its typed twin.
 * A test holds the two equal in both directions.
 */
export const commandIds = [
  'cfCollector.start',
  'cfCollector.new',
  'cfCollector.preview',
  'cfCollector.pickFields',
  'cfCollector.pause',
  'cfCollector.stop',
  'cfCollector.resume',
  'cfCollector.raiseAndResume',
  'cfCollector.runInTerminal',
  'cfCollector.openDashboard',
  'cfCollector.openOverview',
  'cfCollector.openMaster',
  'cfCollector.openRecords',
  'cfCollector.openCheckpoint',
  'cfCollector.openLog',
  'cfCollector.resumeFromCheckpoint',
  'cfCollector.showRecoveryPlan',
  'cfCollector.retryFailedUnits',
  'cfCollector.discardState',
  'cfCollector.validate',
  'cfCollector.showValidationReport',
  'cfCollector.mergeMasters',
  'cfCollector.remapFromRaw',
  'cfCollector.exportTable',
  'cfCollector.importEarlier',
  'cfCollector.adoptMaster',
  'cfCollector.restoreCollection',
  'cfCollector.setSecret',
  'cfCollector.installBrowser',
  'cfCollector.openSample',
  'cfCollector.openWalkthrough',
  'cfCollector.refresh',
] as const;

/** A command that package.json names. */
export type CommandId = (typeof commandIds)[number];

/** Commands that only our own items run: package.json does not name them. */
export const internalCommandIds = [
  'cfCollector.showMoreFailedUnits',
  'cfCollector.createModule',
] as const;

/** The activity bar's container. */
export const containerId = 'cfCollector';

/** The tree of sessions. */
export const sessionsViewId = 'cfCollector.sessions';

/** The walkthrough, and its steps in their order. */
export const walkthroughId = 'firstCollection';
export const walkthroughSteps = ['create', 'preview', 'start', 'resume', 'merge'] as const;
export type WalkthroughStep = (typeof walkthroughSteps)[number];

/** The webview panel's type: what a reloaded window finds its dashboards by. */
export const dashboardViewType = 'cfCollector.dashboard';

/** The same of the page of all sessions. */
export const overviewViewType = 'cfCollector.overview';

/** The type of a preview's panel. */
export const previewViewType = 'cfCollector.preview';

/** The type of our tasks in tasks.json. */
export const taskType = 'collect';

/** The names of data files, as `files.readonlyInclude` has them by default. */
export const dataFilesGlob =
  '**/*_{master,raw,rejected}_[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]_[0-9][0-9][0-9][0-9][0-9][0-9]*.jsonl';

/** The record viewer's type: a custom editor of files of JSON lines. */
export const recordViewerType = 'cfCollector.records';

/** What language models may do here. */
export const languageModelTools = [
  'cf-collector_list_sessions',
  'cf-collector_session_status',
  'cf-collector_sample_records',
  'cf-collector_validate_master',
  'cf-collector_start_collection',
  'cf-collector_resume_session',
] as const;

/** One of {@link languageModelTools}. */
export type LanguageModelToolName = (typeof languageModelTools)[number];

/** Settings under `cfCollector.` with the type of their value. */
export interface Settings {
  readonly notifications: 'all' | 'problems' | 'none';
  readonly contact: string;
  readonly openDashboardOnStart: boolean;
  readonly offerResume: boolean;
  readonly codeLens: boolean;
  readonly 'preview.refreshOnSave': boolean;
  readonly 'viewer.largeFileMb': number;
  readonly protectMasters: boolean;
  readonly 'metrics.port': number;
}

/** What a setting is when nobody has set it. */
export const settingDefaults: Settings = {
  notifications: 'all',
  contact: '',
  openDashboardOnStart: true,
  offerResume: true,
  codeLens: true,
  'preview.refreshOnSave': true,
  'viewer.largeFileMb': 20,
  protectMasters: true,
  'metrics.port': 0,
};

/** What the walkthrough's steps are ticked by: see `WalkthroughProgress`. */
type DoneKey = `cfCollector.done.${WalkthroughStep}`;

/** Context keys that `when` clauses go by, with the type of their value. */
export interface ContextKeys extends Readonly<Record<DoneKey, boolean>> {
  /** There is a `*.collect.json` in the workspace. */
  readonly 'cfCollector.hasCollections': boolean;
  /** This window runs a session that can be paused. */
  readonly 'cfCollector.canPause': boolean;
  /** This window holds a session, running or paused. */
  readonly 'cfCollector.canStop': boolean;
}

/** The names of {@link ContextKeys}. */
export const contextKeys = [
  'cfCollector.hasCollections',
  'cfCollector.canPause',
  'cfCollector.canStop',
  ...walkthroughSteps.map((step): DoneKey => `cfCollector.done.${step}`),
] as const satisfies readonly (keyof ContextKeys)[];

/** Tags of tree items' `contextValue` that `when` clauses go by (`viewItem =~ /;tag;/`). */
export const itemTags = [
  'session',
  'pausable',
  'stoppable',
  'resumable',
  'raisable',
  'hasMaster',
  'hasRaw',
  'hasCheckpoint',
  'master',
  'checkpoint',
  'resumePoint',
  'hasFailed',
  'collectionGone',
  'retriable',
  'atRest',
] as const;

/** The end of every collection file's name. */
export const collectionSuffix = '.collect.json';

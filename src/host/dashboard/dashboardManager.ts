import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { dashboardViewType } from '../../contributions.ts';
import type { SessionSnapshot } from '../../core/live.ts';
import { shownText } from '../../core/shownText.ts';
import type {
  DashboardAction,
  DashboardEvents,
  DashboardHydration,
  DashboardModel,
  DashboardRequests,
  SessionPast,
} from '../../protocol/dashboard.ts';
import type { FailureGroup } from '../../core/history.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { showInformationMessage } from '../window.ts';
import { webviewRpc, type ParamShapes, type WebviewRpc } from '../webview/webviewRpc.ts';
import { showPage } from '../webview/showPage.ts';
import { dashboardStrings } from './dashboardStrings.ts';
import { deltaInWords, snapshotInWords } from './inWords.ts';
import { engineText } from '../text/engineText.ts';
import type { SessionTracker, TrackedSession } from '../engine/sessionTracker.ts';

/** What a dashboard asks of the rest of the extension; the session is given as it is at that moment. */
export interface DashboardActions {
  readonly do: Readonly<Record<DashboardAction, (session: TrackedSession) => Promise<unknown>>>;
  readonly readPast: (ref: SessionRef) => Promise<SessionPast>;
  readonly readFailures: (ref: SessionRef) => Promise<readonly FailureGroup[]>;
  readonly retryFailed: (
    session: TrackedSession,
    units: readonly number[] | null,
  ) => Promise<unknown>;
  readonly resumeFromCheckpoint: (session: TrackedSession, checkpoint: string) => Promise<unknown>;
  /** What went wrong, for the page. */
  readonly sayError: (error: unknown) => string;
}

interface ManagerOptions {
  readonly extensionUri: vscode.Uri;
  readonly tracker: SessionTracker;
  readonly actions: DashboardActions;
}

/** The dashboards that are open, one for a session at most. */
export class DashboardManager implements vscode.WebviewPanelSerializer {
  readonly #options: ManagerOptions;
  readonly #panels = new Map<string, Dashboard>();

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  /** Lets a reloaded window fill the dashboards that were open in it. */
  register(): vscode.Disposable {
    return vscode.window.registerWebviewPanelSerializer(dashboardViewType, this);
  }

  /** Shows a session's dashboard, in the column where it already is. */
  async open(ref: SessionRef): Promise<void> {
    if (this.#reveal(ref)) return;
    const session = await this.#options.tracker.find(ref);
    // Asked for twice at once, it is opened once.
    if (this.#reveal(ref)) return;
    const panel = vscode.window.createWebviewPanel(
      dashboardViewType,
      session ? titleOf(session.snapshot) : t('Collection'),
      vscode.ViewColumn.Active,
    );
    this.#fill(panel, ref);
  }

  /** Whether a session's dashboard can be seen. */
  isVisible(ref: SessionRef): boolean {
    return this.#panels.get(ref.session)?.panel.visible ?? false;
  }

  /** Closes a session's dashboard, where it is open. */
  close(ref: SessionRef): void {
    this.#panels.get(ref.session)?.panel.dispose();
  }

  /**
   * Fills a panel that was open when the window was reloaded, whichever version left it there. Where its session can't
   * be found it is closed, which is told: nobody should look for a tab that was there before.
   */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { sessionInState } = await import('./dashboardParams.ts');
    const kept = sessionInState(state);
    const ref = kept && (await this.#find(kept));
    if (!ref || this.#panels.has(ref.session)) {
      panel.dispose();
      // A page that ended before it was ever filled has kept nothing, and shown nothing.
      if (!ref && state !== undefined && state !== null) tellClosed(kept);
      return;
    }
    this.#fill(panel, ref);
  }

  /** Where a session is now: the folder that a page remembers may have been moved, or opened from another one. */
  async #find(kept: SessionRef): Promise<SessionRef | undefined> {
    const { tracker } = this.#options;
    try {
      const found = await tracker.find(kept);
      if (found) return found.ref;
      return (await tracker.list()).find(({ ref }) => ref.session === kept.session)?.ref;
    } catch {
      // Sessions that can't be read just now are no reason to close it: the page then says why.
      return kept;
    }
  }

  #reveal(ref: SessionRef): boolean {
    const known = this.#panels.get(ref.session);
    known?.panel.reveal();
    return known !== undefined;
  }

  #fill(panel: vscode.WebviewPanel, ref: SessionRef): void {
    const dashboard = new Dashboard(panel, ref, this.#options);
    this.#panels.set(ref.session, dashboard);
    panel.onDidDispose(() => {
      dashboard.dispose();
      this.#panels.delete(ref.session);
    });
    showPage(panel, this.#options.extensionUri, 'dashboard');
  }
}

/** A tab has room for a few words. */
function titleOf({ view }: SessionSnapshot): string {
  return shownText(view.name, 60);
}

function tellClosed(kept: SessionRef | undefined): void {
  const text = kept
    ? t('A dashboard was closed: its session {0} is no longer in the open folders.', kept.session)
    : t(
        'A dashboard that another version of CF Collector left open was closed. Open it again from the Collector view.',
      );
  void showInformationMessage(text);
}

/** One dashboard: keeps its page, which has no state of its own, as the tracker says. */
class Dashboard {
  readonly panel: vscode.WebviewPanel;
  readonly #ref: SessionRef;
  readonly #options: ManagerOptions;
  readonly #rpc: WebviewRpc<DashboardRequests, DashboardEvents>;
  readonly #subscriptions: vscode.Disposable[] = [];
  /** Whether the page is there, in sight, and has what came before. */
  #isHydrated = false;

  constructor(panel: vscode.WebviewPanel, ref: SessionRef, options: ManagerOptions) {
    this.panel = panel;
    this.#ref = ref;
    this.#options = options;
    const { tracker, actions } = options;
    const inWords = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        throw new Error(actions.sayError(error), { cause: error });
      }
    };
    const act = (work: (session: TrackedSession) => Promise<unknown>): Promise<null> =>
      inWords(async () => {
        await work(await this.#session());
        return null;
      });
    const run = (action: DashboardAction) => () => act(actions.do[action]);
    this.#rpc = webviewRpc<DashboardRequests, DashboardEvents>(panel.webview, loadDashboardParams, {
      ready: () => inWords(() => this.#hydrate()),
      pause: run('pause'),
      resume: run('resume'),
      raiseAndResume: run('raiseAndResume'),
      stop: run('stop'),
      openMaster: run('openMaster'),
      openRecords: run('openRecords'),
      openLog: run('openLog'),
      openCollection: run('openCollection'),
      validate: run('validate'),
      showRecoveryPlan: run('showRecoveryPlan'),
      readPast: () => inWords(() => actions.readPast(ref)),
      readFailures: () => inWords(() => actions.readFailures(ref)),
      retryFailed: ({ units }) => act((session) => actions.retryFailed(session, units)),
      resumeFromCheckpoint: ({ checkpoint }) =>
        act((session) => actions.resumeFromCheckpoint(session, checkpoint)),
    });
    const onChanged = (session: string | null) => {
      if (session === null || session === ref.session) void this.#sendModel();
    };
    const onDelta = (session: string, delta: DashboardEvents['delta']) => {
      if (this.#isHydrated && session === ref.session) this.#rpc.emit('delta', deltaInWords(delta));
    };
    tracker.events.on('changed', onChanged).on('delta', onDelta);
    this.#subscriptions.push(
      // A page out of sight is thrown away by VS Code; a new one asks to be filled when it is shown again.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isHydrated = false;
      }),
      new vscode.Disposable(() => {
        tracker.events.off('changed', onChanged).off('delta', onDelta);
      }),
    );
  }

  dispose(): void {
    this.#isHydrated = false;
    this.#rpc.close();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #hydrate(): Promise<DashboardHydration> {
    const session = await this.#session();
    this.#isHydrated = true;
    return {
      model: this.#modelOf(session),
      strings: dashboardStrings(),
      locale: vscode.env.language,
      ref: this.#ref,
      nowMs: Date.now(),
    };
  }

  async #session(): Promise<TrackedSession> {
    const session = await this.#options.tracker.find(this.#ref);
    if (!session) throw new Error(t('This session is gone.'));
    return session;
  }

  #modelOf({ snapshot, holder, damage, isCollectionMissing }: TrackedSession): DashboardModel {
    this.panel.title = titleOf(snapshot);
    return {
      snapshot: snapshotInWords(snapshot),
      holder,
      damage: damage === null ? null : engineText(damage),
      ...(isCollectionMissing && { isCollectionMissing: true }),
    };
  }

  async #sendModel(): Promise<void> {
    if (!this.#isHydrated) return;
    try {
      const session = await this.#options.tracker.find(this.#ref);
      if (session) this.#rpc.emit('model', this.#modelOf(session));
      else this.#rpc.emit('gone', null);
    } catch {
      // The page keeps what it has; the tree says why the sessions can't be read.
    }
  }
}

async function loadDashboardParams(): Promise<ParamShapes<DashboardRequests>> {
  return (await import('./dashboardParams.ts')).dashboardParams;
}

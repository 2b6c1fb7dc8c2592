import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { dashboardViewType } from '../../contributions.ts';
import type {
  DashboardEvents,
  DashboardHydration,
  DashboardModel,
  DashboardRequests,
  DashboardState,
} from '../../protocol/dashboard.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import { webviewRpc, type ParamShapes, type WebviewRpc } from '../webview/webviewRpc.ts';
import { webviewPage } from '../webview/webviewPage.ts';
import { dashboardStrings } from './dashboardStrings.ts';
import type { SessionTracker, TrackedSession } from '../engine/sessionTracker.ts';

/** What a dashboard's buttons do; each gets the session as it is at that moment. */
export type DashboardActions = Readonly<
  Record<Exclude<keyof DashboardRequests, 'ready'>, (session: TrackedSession) => Promise<void>>
>;

const dashboardParams: ParamShapes<DashboardRequests> = {
  ready: z.null(),
  pause: z.null(),
  resume: z.null(),
  raiseAndResume: z.null(),
  stop: z.null(),
  openMaster: z.null(),
  openLog: z.null(),
  openCollection: z.null(),
};

interface ManagerOptions {
  readonly extensionUri: vscode.Uri;
  readonly tracker: SessionTracker;
  readonly actions: DashboardActions;
}

/** The dashboards that are open, one for a session at most. */
export class DashboardManager implements vscode.WebviewPanelSerializer {
  readonly #options: ManagerOptions;
  readonly #dist: vscode.Uri;
  readonly #panels = new Map<string, Dashboard>();

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#dist = vscode.Uri.joinPath(options.extensionUri, 'dist');
  }

  /** Lets a reloaded window fill the dashboards that were open in it. */
  register(): vscode.Disposable {
    return vscode.window.registerWebviewPanelSerializer(dashboardViewType, this);
  }

  /** Shows a session's dashboard, in the column where it already is. */
  async open(ref: SessionRef): Promise<void> {
    const known = this.#panels.get(ref.session);
    if (known) {
      known.panel.reveal();
      return;
    }
    const session = await this.#options.tracker.find(ref);
    const panel = vscode.window.createWebviewPanel(
      dashboardViewType,
      session?.snapshot.view.name ?? t('Collection'),
      vscode.ViewColumn.Active,
      { enableScripts: true, localResourceRoots: [this.#dist] },
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

  /** Fills a panel that was open when the window was reloaded; one that another version left is closed. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { tracker } = this.#options;
    const ref = refInState(state);
    // Sessions that can't be read just now are no reason to close it: the page then says why.
    const isGone = !ref || (await tracker.find(ref).catch(() => true)) === undefined;
    if (isGone) {
      panel.dispose();
      return;
    }
    panel.webview.options = { enableScripts: true, localResourceRoots: [this.#dist] };
    this.#fill(panel, ref);
  }

  #fill(panel: vscode.WebviewPanel, ref: SessionRef): void {
    const icon = (theme: string) =>
      vscode.Uri.joinPath(this.#options.extensionUri, 'media', 'icons', `collector-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const dashboard = new Dashboard(panel, ref, this.#options);
    this.#panels.set(ref.session, dashboard);
    panel.onDidDispose(() => {
      dashboard.dispose();
      this.#panels.delete(ref.session);
    });
    panel.webview.html = webviewPage(panel.webview, this.#dist, 'dashboard');
  }
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
    const run = (action: keyof DashboardActions) => async () => {
      const session = await tracker.find(ref);
      if (!session) throw new Error(t('This session is gone.'));
      await actions[action](session);
      return null;
    };
    this.#rpc = webviewRpc<DashboardRequests, DashboardEvents>(panel.webview, dashboardParams, {
      ready: () => this.#hydrate(),
      pause: run('pause'),
      resume: run('resume'),
      raiseAndResume: run('raiseAndResume'),
      stop: run('stop'),
      openMaster: run('openMaster'),
      openLog: run('openLog'),
      openCollection: run('openCollection'),
    });
    const onChanged = (session: string | null) => {
      if (session === null || session === ref.session) void this.#sendModel();
    };
    const onDelta = (session: string, delta: DashboardEvents['delta']) => {
      if (this.#isHydrated && session === ref.session) this.#rpc.emit('delta', delta);
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
    const model = await this.#model();
    if (!model) throw new Error(t('This session is gone.'));
    this.#isHydrated = true;
    return {
      model,
      strings: dashboardStrings(),
      locale: vscode.env.language,
      state: { version: 1, ref: this.#ref },
    };
  }

  async #model(): Promise<DashboardModel | undefined> {
    const session = await this.#options.tracker.find(this.#ref);
    if (!session) return undefined;
    this.panel.title = session.snapshot.view.name;
    return { snapshot: session.snapshot, holder: session.holder };
  }

  async #sendModel(): Promise<void> {
    if (!this.#isHydrated) return;
    try {
      const model = await this.#model();
      if (model) this.#rpc.emit('model', model);
    } catch {
      // The page keeps what it has; the tree says why the sessions can't be read.
    }
  }
}

/** The session that a page remembers; undefined when it is not one of this version's pages. */
function refInState(state: unknown): SessionRef | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { version, ref } = state as Partial<DashboardState>;
  if (version !== 1 || typeof ref !== 'object') return undefined;
  const { workspace, session } = ref as Partial<SessionRef>;
  return typeof workspace === 'string' && typeof session === 'string'
    ? { workspace, session }
    : undefined;
}

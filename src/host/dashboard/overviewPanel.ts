import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { overviewViewType } from '../../contributions.ts';
import type {
  EmptyAction,
  OverviewEvents,
  OverviewHydration,
  OverviewModel,
  OverviewRequests,
  SessionAction,
} from '../../protocol/overview.ts';
import type { SessionTracker, TrackedSession } from '../engine/sessionTracker.ts';
import { webviewRpc, type ParamShapes, type WebviewRpc } from '../webview/webviewRpc.ts';
import { showPage } from '../webview/showPage.ts';
import { ChangedRows } from './changedRows.ts';
import { inOrder, overviewRow } from './overviewModel.ts';
import { overviewStrings } from './overviewStrings.ts';

/** What the page of all sessions asks of the rest of the extension. */
export interface OverviewActions {
  readonly session: Readonly<Record<SessionAction, (session: TrackedSession) => Promise<unknown>>>;
  readonly empty: Readonly<Record<EmptyAction, () => Promise<unknown>>>;
  /** What went wrong, for the page. */
  readonly sayError: (error: unknown) => string;
}

interface PanelOptions {
  readonly extensionUri: vscode.Uri;
  readonly tracker: SessionTracker;
  readonly actions: OverviewActions;
}

/** The page of all sessions: there is one at most. */
export class OverviewPanel implements vscode.WebviewPanelSerializer {
  readonly #options: PanelOptions;
  #open: Overview | undefined;

  constructor(options: PanelOptions) {
    this.#options = options;
  }

  /** Lets a reloaded window fill the page that was open in it. */
  register(): vscode.Disposable {
    return vscode.window.registerWebviewPanelSerializer(overviewViewType, this);
  }

  /** Shows the page, in the column where it already is. */
  show(): void {
    if (this.#open) {
      this.#open.panel.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      overviewViewType,
      t('Collector Sessions'),
      vscode.ViewColumn.Active,
    );
    this.#fill(panel);
  }

  /** Fills the panel that was open when the window was reloaded: whichever version left it, it is about all sessions. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.#open) {
      panel.dispose();
      return;
    }
    this.#fill(panel);
  }

  #fill(panel: vscode.WebviewPanel): void {
    const overview = new Overview(panel, this.#options);
    this.#open = overview;
    panel.onDidDispose(() => {
      overview.dispose();
      this.#open = undefined;
    });
    showPage(panel, this.#options.extensionUri, 'overview');
  }
}

/** The open page: kept as the tracker says while it is in sight, and left alone while it is not. */
class Overview {
  readonly panel: vscode.WebviewPanel;
  readonly #options: PanelOptions;
  readonly #rpc: WebviewRpc<OverviewRequests, OverviewEvents>;
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #changed = new ChangedRows<string>((sessions) => {
    void this.#sendRows(sessions);
  });
  #isHydrated = false;

  constructor(panel: vscode.WebviewPanel, options: PanelOptions) {
    this.panel = panel;
    this.#options = options;
    const { tracker, actions } = options;
    const guarded = async (work: () => Promise<unknown>): Promise<null> => {
      try {
        await work();
        return null;
      } catch (error) {
        throw new Error(actions.sayError(error), { cause: error });
      }
    };
    const ofSession =
      (action: SessionAction) =>
      ({ session: ref }: { session: TrackedSession['ref'] }) =>
        guarded(async () => {
          const session = await tracker.find(ref);
          if (!session) throw new Error(t('This session is gone.'));
          await actions.session[action](session);
        });
    this.#rpc = webviewRpc<OverviewRequests, OverviewEvents>(panel.webview, loadOverviewParams, {
      ready: () => this.#hydrate(),
      open: ofSession('open'),
      pause: ofSession('pause'),
      resume: ofSession('resume'),
      stop: ofSession('stop'),
      newCollection: () => guarded(actions.empty.newCollection),
      openSample: () => guarded(actions.empty.openSample),
    });
    const onChanged = () => {
      void this.#sendModel();
    };
    const onDelta = (session: string) => {
      if (this.#isHydrated) this.#changed.add(session);
    };
    tracker.events.on('changed', onChanged).on('delta', onDelta);
    this.#subscriptions.push(
      // A page out of sight is thrown away by VS Code; a new one asks to be filled when it is shown again.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#leave();
      }),
      new vscode.Disposable(() => {
        tracker.events.off('changed', onChanged).off('delta', onDelta);
      }),
    );
  }

  dispose(): void {
    this.#leave();
    this.#rpc.close();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #leave(): void {
    this.#isHydrated = false;
    this.#changed.clear();
  }

  async #hydrate(): Promise<OverviewHydration> {
    const model = await this.#model();
    this.#isHydrated = true;
    return {
      model,
      strings: overviewStrings(),
      locale: vscode.env.language,
      nowMs: Date.now(),
    };
  }

  async #model(): Promise<OverviewModel> {
    try {
      const sessions = await this.#options.tracker.list();
      return { rows: inOrder(sessions.map(rowOf)), problem: null };
    } catch (error) {
      return { rows: [], problem: this.#options.actions.sayError(error) };
    }
  }

  async #sendModel(): Promise<void> {
    if (!this.#isHydrated) return;
    this.#changed.clear();
    const model = await this.#model();
    this.#tell('model', model);
  }

  async #sendRows(changed: readonly string[]): Promise<void> {
    const { tracker } = this.#options;
    const live = tracker.live().filter(({ ref }) => changed.includes(ref.session));
    // One that can't be read just now is told with the next model.
    const found = await Promise.all(
      live.map(({ ref }) => tracker.find(ref).catch(() => undefined)),
    );
    const rows = found.filter((session) => session !== undefined).map(rowOf);
    if (rows.length > 0) this.#tell('rows', rows);
  }

  /** Says something to a page that is there, and has not gone while it was found out. */
  #tell<K extends keyof OverviewEvents>(name: K, payload: OverviewEvents[K]): void {
    if (this.#isHydrated) this.#rpc.emit(name, payload);
  }
}

function rowOf(session: TrackedSession): OverviewModel['rows'][number] {
  return overviewRow(session, (vscode.workspace.workspaceFolders?.length ?? 0) < 2);
}

async function loadOverviewParams(): Promise<ParamShapes<OverviewRequests>> {
  return (await import('./overviewParams.ts')).overviewParams;
}

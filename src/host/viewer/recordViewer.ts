import { t } from '@vscode/l10n';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import * as vscode from 'vscode';
import { codeOf } from '../../core/errors.ts';
import type { RecordFilter, RecordsStatus } from '../../core/records.ts';
import type { RecordRequests } from '../../protocol/records.ts';
import type { RequestParams, RequestResult } from '../../protocol/rpc.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import type { ViewerEvents, ViewerHydration, ViewerRequests } from '../../protocol/viewer.ts';
import { readTimeoutMs } from '../engine/sessionTracker.ts';
import type { Services } from '../services.ts';
import { engineText } from '../text/engineText.ts';
import { errorWords } from '../text/errorWords.ts';
import { showPage } from '../webview/showPage.ts';
import { webviewRpc, type ParamShapes, type WebviewRpc } from '../webview/webviewRpc.ts';
import { ownerOf } from './ownerOf.ts';
import { viewerStrings } from './viewerStrings.ts';

/** How often the file is looked at while it is on the screen. */
const restMs = 1000;
/** While its lines are counted, or looked through. */
const busyMs = 200;
/** Of a record a page shows no more than this. */
const shownBytes = 1024 * 1024;
/** The clipboard takes no more than this. */
const copiedBytes = 64 * 1024 * 1024;
/** VS Code gives no larger file to an extension. */
const textEditorBytes = 50 * 1024 * 1024;

/** One editor that shows a file's records. Its page has no state but where its person is; the worker reads. */
export class RecordViewer {
  readonly #services: Services;
  readonly #file: vscode.Uri;
  readonly #rpc: WebviewRpc<ViewerRequests, ViewerEvents>;
  readonly #viewer = randomUUID();
  readonly #visibility: vscode.Disposable;
  #owner: SessionRef | undefined;
  #opened: Promise<RecordsStatus> | undefined;
  #filter: RecordFilter | null = null;
  #status: RecordsStatus | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isHydrated = false;

  constructor(services: Services, file: vscode.Uri, panel: vscode.WebviewPanel) {
    this.#services = services;
    this.#file = file;
    const ref = { viewer: this.#viewer };
    this.#rpc = webviewRpc<ViewerRequests, ViewerEvents>(panel.webview, loadViewerParams, {
      ready: (block) => this.#hydrate(block),
      readBlock: (block) => this.#ask('readRecords', { ...ref, ...block }),
      readRecord: (which) => this.#ask('readRecord', { ...ref, ...which, maxBytes: shownBytes }),
      findOrigin: (which) => this.#ask('findOrigin', { ...ref, ...which }),
      filter: ({ filter }) => this.#filterBy(filter),
      copyRecord: ({ record: which }) => this.#copy(which),
      revealRecord: ({ record: which }) => this.#reveal(which),
      openSession: async () => {
        if (this.#owner) await services.dashboards.open(this.#owner);
        return null;
      },
    });
    // A page out of sight is thrown away by VS Code; a new one asks to be filled when it is shown again.
    this.#visibility = panel.onDidChangeViewState(() => {
      if (panel.visible) return;
      this.#isHydrated = false;
      clearTimeout(this.#timer);
    });
    showPage(panel, services.context.extensionUri, 'viewer');
  }

  dispose(): void {
    this.#isHydrated = false;
    clearTimeout(this.#timer);
    this.#visibility.dispose();
    this.#rpc.close();
    const { engine } = this.#services;
    if (!this.#opened || !engine.isRunning) return;
    // An engine that has died has nothing to close.
    engine.request('closeRecords', { viewer: this.#viewer }, 0).catch(() => undefined);
  }

  async #hydrate(block: ViewerRequests['ready']['params']): Promise<ViewerHydration> {
    this.#opened ??= this.#open();
    this.#opened.catch(() => {
      this.#opened = undefined;
    });
    await this.#opened;
    const ref = { viewer: this.#viewer };
    const status = await this.#ask('lookAtRecords', ref);
    // Where it can't be read, the page asks again, and says why.
    const { rows } = await this.#ask('readRecords', { ...ref, ...block, isFiltered: false }).catch(
      () => ({ rows: [] }),
    );
    this.#isHydrated = true;
    this.#follow(status);
    return {
      status: inWords(status),
      strings: viewerStrings(),
      locale: vscode.env.language,
      name: path.basename(this.#file.fsPath),
      rows,
    };
  }

  async #open(): Promise<RecordsStatus> {
    const { engine, tracker } = this.#services;
    this.#owner = await ownerOf(tracker, this.#file);
    this.#filter = null;
    const params = { viewer: this.#viewer, file: this.#file.fsPath, session: this.#owner ?? null };
    return engine.request('openRecords', params, readTimeoutMs);
  }

  /** Asks the engine; one that was started anew is told first what is looked at. */
  async #ask<K extends keyof RecordRequests>(
    name: K,
    params: RequestParams<RecordRequests, K>,
  ): Promise<RequestResult<RecordRequests, K>> {
    const { engine, formats } = this.#services;
    // What K is, is not known here: the names are those of the engine's requests all the same.
    const ask = engine.request.bind(engine) as (
      ...args: [K, RequestParams<RecordRequests, K>, number]
    ) => Promise<RequestResult<RecordRequests, K>>;
    try {
      return await ask(name, params, readTimeoutMs);
    } catch (error) {
      if (codeOf(error) !== 'VIEWER_CLOSED') throw new Error(errorWords(error, formats).message);
      this.#opened = this.#open();
      await this.#opened;
      return ask(name, params, readTimeoutMs);
    }
  }

  async #filterBy(filter: RecordFilter | null): Promise<RecordsStatus> {
    const isSame = JSON.stringify(filter) === JSON.stringify(this.#filter);
    const isKept = isSame && (filter === null || this.#status?.search !== null);
    this.#filter = filter;
    const ref = { viewer: this.#viewer };
    // A page that was out of sight asks for what it had: the matches are still there.
    const status = isKept
      ? await this.#ask('lookAtRecords', ref)
      : await this.#ask('filterRecords', { ...ref, filter });
    this.#follow(status);
    return inWords(status);
  }

  async #copy(which: number): Promise<null> {
    const { text: line, isCut } = await this.#ask('readRecord', {
      viewer: this.#viewer,
      record: which,
      maxBytes: copiedBytes,
    });
    if (isCut) {
      const most = this.#services.formats.bytes(copiedBytes);
      throw new Error(t('The record is longer than {0}: too long for the clipboard.', most));
    }
    await vscode.env.clipboard.writeText(line);
    return null;
  }

  async #reveal(which: number): Promise<null> {
    const { bytes = 0, uncommittedBytes = 0 } = this.#status ?? {};
    if (bytes + uncommittedBytes > textEditorBytes) {
      const most = this.#services.formats.bytes(textEditorBytes);
      throw new Error(t('The file is larger than {0}: too large to go to a line of it.', most));
    }
    const place = new vscode.Position(which, 0);
    await vscode.window.showTextDocument(this.#file, {
      selection: new vscode.Range(place, place),
      preview: false,
    });
    return null;
  }

  /** Tells the page what is new, and looks again after a while. */
  #follow(status: RecordsStatus): void {
    const isNew = JSON.stringify(status) !== JSON.stringify(this.#status);
    this.#status = status;
    if (!this.#isHydrated) return;
    if (isNew) this.#rpc.emit('status', inWords(status));
    const isBusy =
      status.condition === 'ready' && (!status.isCounted || status.search?.isDone === false);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookAgain(), isBusy ? busyMs : restMs);
  }

  async #lookAgain(): Promise<void> {
    const known = this.#status;
    if (known && !this.#services.engine.isRunning) {
      // It has died, maybe of what it was doing: only a person starts another.
      this.#follow(known);
      return;
    }
    try {
      const status = await this.#ask('lookAtRecords', { viewer: this.#viewer });
      if (this.#isHydrated) this.#follow(status);
    } catch {
      // The page keeps what it has; asking the engine anything says why.
      if (this.#isHydrated && known) this.#follow(known);
    }
  }
}

/** What the engine says about the file, in the editor's language. */
function inWords(status: RecordsStatus): RecordsStatus {
  return { ...status, problem: status.problem === null ? null : engineText(status.problem) };
}

async function loadViewerParams(): Promise<ParamShapes<ViewerRequests>> {
  return (await import('./viewerParams.ts')).viewerParams;
}

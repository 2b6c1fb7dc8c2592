import { t } from '@vscode/l10n';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import * as vscode from 'vscode';
import { previewViewType } from '../../contributions.ts';
import { mentionsOf } from '../../core/collectionMentions.ts';
import type { PreviewOutcome, PreviewReport } from '../../core/preview.ts';
import type {
  PreviewAction,
  PreviewHydration,
  PreviewModel,
  PreviewPageEvents,
  PreviewPageRequests,
  PreviewState,
} from '../../protocol/preview.ts';
import { openText, rangeOf } from '../collections/diagnostics.ts';
import { requireTrust } from '../engine/runs.ts';
import { readHttpSettings, readSetting } from '../settings.ts';
import { showPage } from '../webview/showPage.ts';
import { webviewRpc, type ParamShapes, type WebviewRpc } from '../webview/webviewRpc.ts';
import { isCollectionFile, workspaceOf } from '../workspace.ts';
import { previewStrings } from './previewStrings.ts';
import {
  actOnTrouble,
  isCancelled,
  troubleOf,
  type FilePageOptions,
  type Trouble,
} from '../webview/pageTrouble.ts';
import { troubleIn } from './previewWords.ts';

/** Some editors save again and again while somebody types: no host is asked as often. */
const savingMs = 500;

/** The previews that are open, one for a collection file at most, each beside its file. */
export class PreviewManager implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #options: FilePageOptions;
  readonly #panels = new Map<string, Preview>();
  readonly #reports = new Map<string, PreviewReport>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  /** What is known of a file has changed. */
  readonly onDidPreview = this.#changed.event;

  constructor(options: FilePageOptions) {
    this.#options = options;
  }

  /** Refreshes what is open when its file is saved, and lets a reloaded window fill it again. */
  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(previewViewType, this),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        this.#panels.get(uri.toString())?.onSaved();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#panels.get(document.uri.toString())?.onChanged();
      }),
      vscode.workspace.onDidDeleteFiles(({ files }) => {
        for (const file of files) this.#forget(file);
      }),
      vscode.workspace.onDidRenameFiles(({ files }) => {
        for (const { oldUri } of files) this.#forget(oldUri);
      }),
    );
  }

  /** Shows the preview of a collection file, beside it, and runs it. */
  async open(file: vscode.Uri): Promise<void> {
    requireTrust();
    const known = this.#panels.get(file.toString());
    if (known) {
      known.panel.reveal(undefined, true);
      known.run(known.unit);
      return;
    }
    const isShown = vscode.window.visibleTextEditors.some(
      ({ document }) => document.uri.toString() === file.toString(),
    );
    if (!isShown) await vscode.window.showTextDocument(file, { preview: false });
    const panel = vscode.window.createWebviewPanel(
      previewViewType,
      t('Preview of {0}', path.basename(file.path)),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableFindWidget: true },
    );
    this.#fill(panel, file).run(null);
  }

  /** What the last preview of a file showed; undefined before there is one. */
  reportOf(file: vscode.Uri): PreviewReport | undefined {
    return this.#reports.get(file.toString());
  }

  /** Fills a panel that was open when the window was reloaded. Nothing is fetched until somebody asks for it. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const file = fileInState(state);
    if (!file || !vscode.workspace.isTrusted) {
      panel.dispose();
      return Promise.resolve();
    }
    this.#fill(panel, file);
    return Promise.resolve();
  }

  dispose(): void {
    for (const { panel } of this.#panels.values()) panel.dispose();
    this.#changed.dispose();
  }

  #fill(panel: vscode.WebviewPanel, file: vscode.Uri): Preview {
    const key = file.toString();
    const preview = new Preview(panel, file, this.#options, (outcome) => {
      if (outcome.kind !== 'report') return;
      this.#reports.set(key, outcome.report);
      this.#changed.fire(file);
    });
    this.#panels.set(key, preview);
    panel.onDidDispose(() => {
      preview.dispose();
      this.#panels.delete(key);
    });
    showPage(panel, this.#options.extensionUri, 'preview');
    return preview;
  }

  #forget(file: vscode.Uri): void {
    this.#panels.get(file.toString())?.panel.dispose();
    if (this.#reports.delete(file.toString())) this.#changed.fire(file);
  }
}

/** One preview: what its page shows, and the engine's work on it, one at a time. */
class Preview {
  readonly panel: vscode.WebviewPanel;
  readonly #file: vscode.Uri;
  readonly #options: FilePageOptions;
  readonly #onOutcome: (outcome: PreviewOutcome) => void;
  readonly #rpc: WebviewRpc<PreviewPageRequests, PreviewPageEvents>;
  readonly #visibility: vscode.Disposable;
  /** Whether the page is there, in sight, and has what came before. */
  #isHydrated = false;
  #unit: string | null = null;
  #job: string | undefined;
  #revision = 0;
  #outcome: PreviewOutcome | null = null;
  #trouble: Trouble<PreviewAction> | null = null;
  #isStale = false;
  #saving: ReturnType<typeof setTimeout> | undefined;
  /** Was saved while nobody looked. */
  #isDue = false;

  constructor(
    panel: vscode.WebviewPanel,
    file: vscode.Uri,
    options: FilePageOptions,
    onOutcome: (outcome: PreviewOutcome) => void,
  ) {
    this.panel = panel;
    this.#file = file;
    this.#options = options;
    this.#onOutcome = onOutcome;
    this.#rpc = webviewRpc<PreviewPageRequests, PreviewPageEvents>(
      panel.webview,
      loadPreviewParams,
      {
        ready: () => Promise.resolve(this.#hydrate()),
        run: ({ unit }) => {
          this.run(unit?.trim() === '' ? null : unit);
          return Promise.resolve(null);
        },
        stop: () => {
          this.#cancel();
          this.#tell();
          return Promise.resolve(null);
        },
        act: async ({ action }) => {
          await this.#act(action);
          return null;
        },
        showField: async ({ field }) => {
          await this.#showField(field);
          return null;
        },
      },
    );
    this.#visibility = panel.onDidChangeViewState(() => {
      // A page out of sight is thrown away by VS Code; a new one asks to be filled when it is shown again.
      if (!panel.visible) this.#isHydrated = false;
      else if (this.#isDue) this.run(this.#unit);
    });
  }

  get unit(): string | null {
    return this.#unit;
  }

  /** Previews a unit, by its key or address; what is under way is ended. */
  run(unit: string | null): void {
    this.#unit = unit;
    void this.#run(false);
  }

  /** The file has been saved: what is shown follows, unless it is of the same text. */
  onSaved(): void {
    if (!this.#isStale || !readSetting('preview.refreshOnSave', this.#file)) return;
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => {
      // What costs money is not asked for; what it would cost may have changed.
      if (this.panel.visible) this.run(this.#unit);
      else this.#isDue = true;
    }, savingMs);
  }

  /** The file has been edited. */
  onChanged(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    this.#tell();
  }

  dispose(): void {
    this.#isHydrated = false;
    clearTimeout(this.#saving);
    this.#cancel();
    this.#visibility.dispose();
    this.#rpc.close();
  }

  async #run(fromEarlier: boolean): Promise<void> {
    this.#cancel();
    const job = randomUUID();
    this.#job = job;
    this.#isDue = false;
    this.#isStale = false;
    this.#trouble = null;
    this.#tell();
    try {
      const outcome = await this.#ask(job, fromEarlier);
      if (this.#job !== job) return;
      this.#outcome = outcome;
      this.#trouble = troubleIn(outcome, this.#options.formats);
      this.#onOutcome(outcome);
    } catch (error) {
      if (this.#job !== job) return;
      // Somebody pressed Stop: what was there stays.
      this.#trouble = isCancelled(error) ? null : troubleOf(error, this.#options.formats);
      this.#options.log.warn(`Preview of ${this.#file.fsPath}: ${String(error)}`);
    }
    this.#job = undefined;
    this.#revision += 1;
    this.#tell();
  }

  async #ask(job: string, fromEarlier: boolean): Promise<PreviewOutcome> {
    requireTrust();
    const text =
      openText(this.#file) ??
      new TextDecoder().decode(await vscode.workspace.fs.readFile(this.#file));
    const params = {
      job,
      workspace: workspaceOf(this.#file),
      file: this.#file.fsPath,
      text,
      unit: this.#unit,
      fromEarlier,
      http: readHttpSettings(this.#file),
    };
    return this.#options.engine.request('preview', params, 0);
  }

  /** Ends what is under way; its answer is not waited for. */
  #cancel(): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#job = undefined;
    this.#options.engine.cancelJob(job);
  }

  async #act(action: PreviewAction): Promise<void> {
    if (action === 'previewEarlier') {
      void this.#run(true);
      return;
    }
    const again = () => {
      this.run(this.#unit);
    };
    const secret = this.#trouble?.secret;
    await actOnTrouble(this.#options, action, { file: this.#file, secret, again });
  }

  async #showField(field: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.#file);
    const place = mentionsOf(document.getText()).fields.find(({ text }) => text === field);
    const editor = vscode.window.visibleTextEditors.find((one) => one.document === document);
    await vscode.window.showTextDocument(document, {
      ...(editor?.viewColumn !== undefined && { viewColumn: editor.viewColumn }),
      ...(place && { selection: rangeOf(place) }),
    });
  }

  #hydrate(): PreviewHydration {
    this.#isHydrated = true;
    return {
      model: this.#model(),
      strings: previewStrings(),
      locale: vscode.env.language,
      state: { version: 1, uri: this.#file.toString() },
    };
  }

  #model(): PreviewModel {
    return {
      file: vscode.workspace.asRelativePath(this.#file),
      isRunning: this.#job !== undefined,
      revision: this.#revision,
      unit: this.#unit,
      outcome: this.#outcome,
      trouble: this.#trouble && { message: this.#trouble.message, actions: this.#trouble.actions },
      isStale: this.#isStale,
    };
  }

  #tell(): void {
    if (this.#isHydrated) this.#rpc.emit('model', this.#model());
  }
}

/** The file that a page remembers; undefined when it is not one of this version's pages. */
function fileInState(state: unknown): vscode.Uri | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { version, uri } = state as Partial<PreviewState>;
  if (version !== 1 || typeof uri !== 'string') return undefined;
  const file = vscode.Uri.parse(uri);
  return file.scheme === 'file' && isCollectionFile(file) ? file : undefined;
}

async function loadPreviewParams(): Promise<ParamShapes<PreviewPageRequests>> {
  return (await import('./previewParams.ts')).previewParams;
}

import { t } from '@vscode/l10n';
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import {
  fieldJson,
  pickedCollection,
  removeFromText,
  setInText,
  type TextEdit,
} from '../../core/collectionEdit.ts';
import { codeOf } from '../../core/errors.ts';
import type { OpenedPage, PageStudy, PickedCollection } from '../../core/picker.ts';
import type {
  PickerHydration,
  PickerModel,
  PickerPageEvents,
  PickerPageRequests,
} from '../../protocol/picker.ts';
import type { RequestParams, RequestResult } from '../../protocol/rpc.ts';
import type { EngineRequests } from '../../protocol/worker.ts';
import { requireTrust } from '../engine/runs.ts';
import {
  actOnTrouble,
  isCancelled,
  troubleOf,
  type FilePageOptions,
  type Trouble,
} from '../webview/pageTrouble.ts';
import { readHttpSettings } from '../settings.ts';
import { webviewRpc, type ParamShapes, type WebviewRpc } from '../webview/webviewRpc.ts';
import { workspaceOf } from '../workspace.ts';
import { pickerStrings } from './pickerStrings.ts';

/** After the last change of the text, before the page is studied again. */
const studyDelayMs = 300;
/** How long a question about a page may take: a large one has 100,000 elements to look through. */
const askTimeoutMs = 60_000;

/** One picker: the page that is open in the engine, and what of it the collection takes. */
export class FieldPicker implements vscode.Disposable {
  readonly panel: vscode.WebviewPanel;
  readonly #file: vscode.Uri;
  readonly #options: FilePageOptions;
  readonly #rpc: WebviewRpc<PickerPageRequests, PickerPageEvents>;
  readonly #subscriptions: vscode.Disposable[];
  /** Whether the webview is there, in sight, and has what came before. */
  #isHydrated = false;
  #url: string | null = null;
  #job: string | undefined;
  #page: OpenedPage | null = null;
  #trouble: Trouble | null = null;
  #collection: PickedCollection | null = null;
  #study: PageStudy | null = null;
  #studyTimer: NodeJS.Timeout | undefined;
  /** Edits are made one after the other: each goes by the text that the one before has left. */
  #editing: Promise<unknown> = Promise.resolve();

  constructor(panel: vscode.WebviewPanel, file: vscode.Uri, options: FilePageOptions) {
    this.panel = panel;
    this.#file = file;
    this.#options = options;
    const edits = (make: (text: string) => TextEdit[]) => this.#edit(make);
    this.#rpc = webviewRpc<PickerPageRequests, PickerPageEvents>(panel.webview, loadPickerParams, {
      ready: () => Promise.resolve(this.#hydrate()),
      load: ({ url }) => {
        this.load(url?.trim() === '' ? null : url);
        return Promise.resolve(null);
      },
      stop: () => {
        this.#cancel();
        this.#tell();
        return Promise.resolve(null);
      },
      act: async ({ action }) => {
        await actOnTrouble(options, action, {
          file,
          secret: this.#trouble?.secret,
          again: () => {
            this.load(this.#url);
          },
        });
        return null;
      },
      proposeField: ({ element }) =>
        this.#ask('proposeField', {
          page: this.#openPage(),
          element,
          items: this.#collection?.items ?? null,
          taken: Object.keys(this.#collection?.fields ?? {}),
        }),
      proposeItems: ({ elements }) =>
        this.#ask('proposeItems', { page: this.#openPage(), elements }),
      tryField: ({ field }) =>
        this.#ask('tryField', {
          page: this.#openPage(),
          field,
          items: this.#collection?.items ?? null,
        }),
      addField: ({ name, field }) =>
        edits((text) => setInText(text, ['source', 'fields', name], fieldJson(field))),
      removeField: ({ name }) => edits((text) => removeFromText(text, ['source', 'fields', name])),
      setItems: ({ selector }) =>
        edits((text) =>
          selector === null
            ? removeFromText(text, ['source', 'items'])
            : setInText(text, ['source', 'items'], selector),
        ),
      setKey: ({ name }) => edits((text) => setInText(text, ['record', 'key'], [name])),
    });
    this.#subscriptions = [
      panel.onDidChangeViewState(() => {
        // A page out of sight is thrown away by VS Code; a new one asks to be filled when it is shown again.
        if (!panel.visible) this.#isHydrated = false;
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length === 0 || document.uri.toString() !== file.toString()) return;
        clearTimeout(this.#studyTimer);
        this.#studyTimer = setTimeout(() => {
          void this.#studyAgain(document.getText());
        }, studyDelayMs);
      }),
    ];
  }

  /** Loads a page; what is under way is ended. */
  load(url: string | null): void {
    this.#url = url;
    void this.#load();
  }

  dispose(): void {
    this.#isHydrated = false;
    clearTimeout(this.#studyTimer);
    this.#cancel();
    this.#close();
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#rpc.close();
  }

  async #load(): Promise<void> {
    this.#cancel();
    const job = randomUUID();
    this.#job = job;
    this.#trouble = null;
    this.#tell();
    try {
      requireTrust();
      const { engine } = this.#options;
      const text = await this.#text();
      const params = {
        job,
        workspace: workspaceOf(this.#file),
        file: this.#file.fsPath,
        text,
        url: this.#url,
        http: readHttpSettings(this.#file),
      };
      const page = await engine.request('openPage', params, 0);
      if (this.#job !== job) {
        engine.request('closePage', { page: page.page }, 0).catch(() => undefined);
        return;
      }
      this.#close();
      this.#page = page;
      this.#study = null;
      if (this.#isHydrated) this.#rpc.emit('page', page);
      await this.#studyAgain(text);
    } catch (error) {
      if (this.#job !== job) return;
      // Somebody pressed Stop: what was there stays.
      this.#trouble = isCancelled(error) ? null : troubleOf(error, this.#options.formats);
      this.#options.log.warn(`Picking fields for ${this.#file.fsPath}: ${String(error)}`);
    }
    this.#job = undefined;
    this.#tell();
  }

  /** Looks what the collection takes from the page, as its text is now. */
  async #studyAgain(text: string): Promise<void> {
    this.#collection = pickedCollection(text) ?? this.#collection;
    const [page, collection] = [this.#page?.page, this.#collection];
    if (page !== undefined && collection !== null) {
      try {
        const study = await this.#ask('studyPage', { page, collection });
        if (this.#page?.page !== page || this.#collection !== collection) return;
        this.#study = study;
      } catch (error) {
        this.#trouble = troubleOf(error, this.#options.formats);
      }
    }
    this.#tell();
  }

  async #ask<K extends 'proposeField' | 'proposeItems' | 'tryField' | 'studyPage'>(
    name: K,
    params: RequestParams<EngineRequests, K>,
  ): Promise<RequestResult<EngineRequests, K>> {
    try {
      return await this.#options.engine.request(name, params, askTimeoutMs);
    } catch (error) {
      // The engine was started anew, or others opened many pages meanwhile.
      if (codeOf(error) === 'PAGE_GONE') this.load(this.#url);
      throw error;
    }
  }

  #openPage(): number {
    if (this.#page === null) throw new Error(t('The page is not there yet.'));
    return this.#page.page;
  }

  /** Changes the file's text, as one step that can be undone; what had no unsaved changes is saved again. */
  #edit(make: (text: string) => readonly TextEdit[]): Promise<null> {
    const edited = this.#editing.then(async () => {
      const document = await vscode.workspace.openTextDocument(this.#file);
      const wasDirty = document.isDirty;
      const change = new vscode.WorkspaceEdit();
      for (const { offset, length, content } of make(document.getText())) {
        const range = new vscode.Range(
          document.positionAt(offset),
          document.positionAt(offset + length),
        );
        change.replace(this.#file, range, content);
      }
      if (!(await vscode.workspace.applyEdit(change))) {
        throw new Error(t('The collection file could not be changed.'));
      }
      if (!wasDirty) await document.save();
      clearTimeout(this.#studyTimer);
      await this.#studyAgain(document.getText());
      return null;
    });
    this.#editing = edited.catch(() => undefined);
    return edited;
  }

  async #text(): Promise<string> {
    return (await vscode.workspace.openTextDocument(this.#file)).getText();
  }

  /** Ends what is under way; its answer is not waited for. */
  #cancel(): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#job = undefined;
    this.#options.engine.cancelJob(job);
  }

  #close(): void {
    if (this.#page === null) return;
    const { page } = this.#page;
    this.#page = null;
    this.#options.engine.request('closePage', { page }, 0).catch(() => undefined);
  }

  #hydrate(): PickerHydration {
    this.#isHydrated = true;
    return {
      model: this.#model(),
      page: this.#page,
      strings: pickerStrings(),
      locale: vscode.env.language,
    };
  }

  #model(): PickerModel {
    const trouble = this.#trouble;
    return {
      file: vscode.workspace.asRelativePath(this.#file),
      url: this.#url,
      isLoading: this.#job !== undefined,
      trouble: trouble && { message: trouble.message, actions: trouble.actions },
      collection: this.#collection,
      study: this.#study,
    };
  }

  #tell(): void {
    if (this.#isHydrated) this.#rpc.emit('model', this.#model());
  }
}

async function loadPickerParams(): Promise<ParamShapes<PickerPageRequests>> {
  return (await import('./pickerParams.ts')).pickerParams;
}

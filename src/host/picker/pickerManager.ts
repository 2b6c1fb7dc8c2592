import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Formats } from '../../core/format.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { requireTrust } from '../engine/runs.ts';
import { showPage } from '../webview/showPage.ts';
import type { FieldPicker } from './fieldPicker.ts';

/** What pickers need of the rest of the host. */
export interface PickerOptions {
  readonly extensionUri: vscode.Uri;
  readonly engine: Pick<EngineClient, 'request' | 'cancelJob'>;
  readonly formats: Formats;
  readonly log: vscode.LogOutputChannel;
  /** What the page's buttons do that is not picking. */
  readonly actions: {
    showProblem(file: vscode.Uri): Promise<void>;
    setSecret(name: string | undefined): Promise<void>;
    installBrowser(): Promise<unknown>;
  };
}

const pickerViewType = 'cfCollector.picker';

/** The pickers that are open, one for a collection file at most, each beside its file. */
export class PickerManager implements vscode.Disposable {
  readonly #options: PickerOptions;
  readonly #pickers = new Map<string, FieldPicker>();

  constructor(options: PickerOptions) {
    this.#options = options;
  }

  /** Shows the picker of a collection file, beside it, with the first page that the collection begins with. */
  async open(file: vscode.Uri): Promise<void> {
    requireTrust();
    const key = file.toString();
    const known = this.#pickers.get(key);
    if (known) {
      known.panel.reveal();
      return;
    }
    const { FieldPicker } = await import('./fieldPicker.ts');
    const isShown = vscode.window.visibleTextEditors.some(
      ({ document }) => document.uri.toString() === key,
    );
    if (!isShown) await vscode.window.showTextDocument(file, { preview: false });
    // Somebody may have asked twice meanwhile.
    if (this.#pickers.has(key)) return;
    const panel = vscode.window.createWebviewPanel(
      pickerViewType,
      t('Pick Fields: {0}', path.basename(file.path)),
      vscode.ViewColumn.Beside,
    );
    const picker = new FieldPicker(panel, file, this.#options);
    this.#pickers.set(key, picker);
    panel.onDidDispose(() => {
      picker.dispose();
      this.#pickers.delete(key);
    });
    showPage(panel, this.#options.extensionUri, 'picker');
    picker.load(null);
  }

  dispose(): void {
    for (const { panel } of [...this.#pickers.values()]) panel.dispose();
  }
}

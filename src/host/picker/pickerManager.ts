import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { requireTrust } from '../engine/runs.ts';
import type { FilePageOptions } from '../webview/pageTrouble.ts';
import { showPage } from '../webview/showPage.ts';
import type { FieldPicker } from './fieldPicker.ts';

const pickerViewType = 'cfCollector.picker';

/** The pickers that are open, one for a collection file at most, each beside its file. */
export class PickerManager implements vscode.Disposable {
  readonly #options: FilePageOptions;
  readonly #pickers = new Map<string, FieldPicker>();

  constructor(options: FilePageOptions) {
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

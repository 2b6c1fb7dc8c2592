import * as vscode from 'vscode';
import { recordViewerType } from '../../contributions.ts';
import type { Services } from '../services.ts';

/** Shows files of JSON lines as records, read only: an editor that a person chooses beside the text editor. */
class RecordViewerProvider implements vscode.CustomReadonlyEditorProvider {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  async resolveCustomEditor(
    { uri }: vscode.CustomDocument,
    panel: vscode.WebviewPanel,
  ): Promise<void> {
    // Not loaded before it is needed.
    const { RecordViewer } = await import('./recordViewer.ts');
    const viewer = new RecordViewer(this.#services, uri, panel);
    panel.onDidDispose(() => {
      viewer.dispose();
    });
  }
}

/** Makes the record viewer known to VS Code. */
export function registerRecordViewer(services: Services): vscode.Disposable {
  return vscode.window.registerCustomEditorProvider(
    recordViewerType,
    new RecordViewerProvider(services),
    { supportsMultipleEditorsPerDocument: true },
  );
}

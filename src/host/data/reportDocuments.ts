import { t } from '@vscode/l10n';
import * as vscode from 'vscode';

const scheme = 'cf-collector-report';
/** A page is some hundred kilobytes at most; more than these nobody goes back to. */
const maxPages = 20;

/** Reports of work that was done in this window, readable while it is open. Nothing of them can be saved. */
export class ReportDocuments implements vscode.Disposable {
  readonly #pages = new Map<string, string>();
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    provideTextDocumentContent: ({ query }) =>
      this.#pages.get(query) ??
      t('This report is gone: it is kept only as long as its window. Run the command again.'),
  });
  #made = 0;

  /** Keeps a page (Markdown) and gives its address. */
  keep(title: string, markdown: string): vscode.Uri {
    const id = String(++this.#made);
    this.#pages.set(id, markdown);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= maxPages) break;
      this.#pages.delete(oldest);
    }
    return vscode.Uri.from({ scheme, path: `/${title}.md`, query: id });
  }

  /** Shows a page that was kept. */
  async show(uri: vscode.Uri): Promise<void> {
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

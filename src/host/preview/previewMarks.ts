import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { mentionsOf } from '../../core/collectionMentions.ts';
import type { FieldTrace } from '../../core/preview.ts';
import { collectionSelector } from '../collections/collectionSelector.ts';
import { openText, rangeOf } from '../collections/diagnostics.ts';
import { escapeText } from '../text/markdown.ts';
import type { PreviewManager } from './previewManager.ts';

/** The code of a mark at a field that matched nothing. */
export const previewMarkCode = 'NOTHING_MATCHED';

/** What a preview found out, shown where the fields stand: marks at those that matched nothing, hovers at all. */
export class PreviewMarks implements vscode.HoverProvider, vscode.Disposable {
  readonly #marks = vscode.languages.createDiagnosticCollection('cfCollector.preview');
  readonly #previews: Pick<PreviewManager, 'reportOf' | 'onDidPreview'>;

  constructor(previews: Pick<PreviewManager, 'reportOf' | 'onDidPreview'>) {
    this.#previews = previews;
  }

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.languages.registerHoverProvider(collectionSelector, this),
      this.#previews.onDidPreview((uri) => {
        this.#mark(uri);
      }),
      // Nobody knows what a text that has been changed matches.
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#marks.delete(document.uri);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.#marks.delete(uri);
      }),
    );
  }

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const report = this.#previews.reportOf(document.uri);
    if (report === undefined || report.items === 0) return undefined;
    const { fields } = mentionsOf(document.getText());
    const field = fields.find((one) => rangeOf(one).contains(position));
    const trace = field && report.fields.find((one) => one.field === field.text);
    return trace && new vscode.Hover(hoverText(trace), rangeOf(field));
  }

  dispose(): void {
    this.#marks.dispose();
  }

  #mark(uri: vscode.Uri): void {
    const report = this.#previews.reportOf(uri);
    const text = openText(uri);
    if (report === undefined || text === undefined) {
      this.#marks.delete(uri);
      return;
    }
    const { fields } = mentionsOf(text);
    const empty = report.fields.filter(({ items, filled }) => items > 0 && filled === 0);
    const marks = empty.flatMap(({ field, items }) => {
      const place = fields.find((one) => one.text === field);
      if (place === undefined) return [];
      const message =
        items === 1
          ? t('The preview found nothing for “{0}”.', field)
          : t('The preview found nothing for “{0}” in any of {1} items.', field, String(items));
      const severity = vscode.DiagnosticSeverity.Information;
      const mark = new vscode.Diagnostic(rangeOf(place), message, severity);
      mark.source = 'CF Collector';
      mark.code = previewMarkCode;
      return [mark];
    });
    this.#marks.set(uri, marks);
  }
}

function hoverText({ matches, items, filled, samples }: FieldTrace): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const counts = t('Preview: a value in {0} of {1} items', String(filled), String(items));
  const matched = matches === null ? '' : ` · ${t('{0} matches', String(matches))}`;
  text.appendMarkdown(escapeText(`${counts}${matched}`));
  for (const { value } of samples) text.appendCodeblock(value.text, 'json');
  return text;
}

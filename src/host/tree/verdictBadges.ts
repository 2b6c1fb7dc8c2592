import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { editorFormats } from '../services.ts';
import { verdictPhrase } from '../text/phrases.ts';
import type { Verdict } from '../sessions/verdicts.ts';

const scheme = 'cf-collector-verdict';

/** An address that only says a verdict: the tree's item carries it, and {@link registerVerdictBadges} reads it. */
export function verdictUri(item: string, { problems, atMs }: Verdict): vscode.Uri {
  const query = new URLSearchParams({ problems: String(problems), at: String(atMs) }).toString();
  return vscode.Uri.from({ scheme, path: `/${encodeURIComponent(item)}`, query });
}

/** Puts a badge on items of the tree that were validated: a tick, or how many problems there are. */
export function registerVerdictBadges(): vscode.Disposable {
  const formats = editorFormats();
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration(uri) {
      if (uri.scheme !== scheme) return undefined;
      const query = new URLSearchParams(uri.query);
      const problems = Number(query.get('problems'));
      const verdict = verdictPhrase({ problems, atMs: Number(query.get('at')) }, formats);
      return problems === 0
        ? new vscode.FileDecoration('✓', t('Validated: {0}', verdict))
        : new vscode.FileDecoration(
            problems > 9 ? '9+' : String(problems),
            t('Validated: {0}', verdict),
            new vscode.ThemeColor('list.errorForeground'),
          );
    },
  });
}

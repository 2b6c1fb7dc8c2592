import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { assertNever } from '../../core/assert.ts';
import type { Template, TemplateKind } from '../../core/templates.ts';

/** A template to choose, or the name of a kind of them. */
export type TemplateItem = vscode.QuickPickItem & { readonly template?: Template };

/** The templates by kind, each kind under its name. */
export function templateItems(templates: readonly Template[]): TemplateItem[] {
  const kinds = new Set(templates.map(({ kind }) => kind));
  return [...kinds].flatMap((kind) => [
    { label: kindWord(kind), kind: vscode.QuickPickItemKind.Separator },
    ...templates
      .filter((template) => template.kind === kind)
      .map((template) => ({
        label: t(template.title),
        iconPath: new vscode.ThemeIcon(kindIcon(kind)),
        description: template.name,
        detail: t(template.about),
        template,
      })),
  ]);
}

function kindWord(kind: TemplateKind): string {
  switch (kind) {
    case 'pages':
      return t('Web pages');
    case 'browser':
      return t('Browser');
    case 'api':
      return t('APIs');
    case 'apify':
      return t('Apify');
    case 'files':
      return t('Files');
    case 'code':
      return t('Your own code');
    default:
      return assertNever(kind, 'kind of template');
  }
}

function kindIcon(kind: TemplateKind): string {
  switch (kind) {
    case 'pages':
      return 'globe';
    case 'browser':
      return 'browser';
    case 'api':
      return 'json';
    case 'apify':
      return 'robot';
    case 'files':
      return 'files';
    case 'code':
      return 'code';
    default:
      return assertNever(kind, 'kind of template');
  }
}

import { getLocation, type JSONPath, type Location } from 'jsonc-parser';
import * as vscode from 'vscode';
import { t } from '@vscode/l10n';
import { mentionsOf, type CollectionMentions } from '../../core/collectionMentions.ts';
import type { PreviewReport } from '../../core/preview.ts';
import { collectionSelector } from './collectionSelector.ts';
import type { SecretVault } from './secrets.ts';

/** A value that stands for itself, with what it is. */
interface Proposal {
  readonly text: string;
  readonly about: string;
}

/** What the schema can't know: names that the collection itself gives, and secrets that are set. */
export class CollectionCompletions implements vscode.CompletionItemProvider {
  readonly #secrets: Pick<SecretVault, 'names'>;
  readonly #reportOf: (uri: vscode.Uri) => PreviewReport | undefined;

  /** @param reportOf what the last preview of a file showed. */
  constructor(
    secrets: Pick<SecretVault, 'names'>,
    reportOf: (uri: vscode.Uri) => PreviewReport | undefined,
  ) {
    this.#secrets = secrets;
    this.#reportOf = reportOf;
  }

  register(): vscode.Disposable {
    return vscode.languages.registerCompletionItemProvider(collectionSelector, this, '"', '{', ':');
  }

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const text = document.getText();
    const offset = document.offsetAt(position);
    const location = getLocation(text, offset);
    if (location.isAtPropertyKey) return [];
    const mentions = mentionsOf(text);
    const inText = await this.#inText(document, position, location, mentions);
    if (inText.length > 0) return inText;
    const range = valueRange(document, position, location);
    return this.#values(document.uri, location.path, mentions).map((proposal) =>
      valueItem(proposal, range),
    );
  }

  /** Whole values. */
  #values(uri: vscode.Uri, path: JSONPath, mentions: CollectionMentions): Proposal[] {
    const place = path.join('.');
    if (/^record\.key\.\d+$/.test(place) || place === 'limits.perKey.field') {
      return this.#fieldsOf(uri, mentions);
    }
    if (place === 'source.sort') return this.#fieldsOf(uri, mentions);
    if (path[0] === 'source' && path[1] === 'fields' && path.at(-1) === 'from') {
      return mentions.forNames.map((name) => ({
        text: `for.${name}`,
        about: t('a value of “for”'),
      }));
    }
    return [];
  }

  /** Fields of the records: those that the collection names, or else those that the last preview has seen. */
  #fieldsOf(uri: vscode.Uri, { fields }: CollectionMentions): Proposal[] {
    if (fields.length > 0) {
      return fields.map(({ text }) => ({ text, about: t('a field of this collection') }));
    }
    const seen = this.#reportOf(uri)?.fields ?? [];
    return seen.map(({ field }) => ({ text: field, about: t('a field that the preview found') }));
  }

  /** Names within a text: `${secret:NAME}`, `{name}`. */
  async #inText(
    document: vscode.TextDocument,
    position: vscode.Position,
    { path, previousNode }: Location,
    { forNames }: CollectionMentions,
  ): Promise<vscode.CompletionItem[]> {
    if (path[0] !== 'source' || previousNode?.type !== 'string') return [];
    const before = document.lineAt(position.line).text.slice(0, position.character);
    const secret = /\$\{(?:secret:?)?\w*$/.exec(before);
    const rest = document.lineAt(position.line).text.slice(position.character);
    const closed = /^\w*\}/.exec(rest)?.[0].length ?? 0;
    const rangeFrom = (start: number): vscode.Range =>
      new vscode.Range(position.line, start, position.line, position.character + closed);
    if (secret !== null) {
      const range = rangeFrom(secret.index);
      return (await this.#secrets.names()).map((name) =>
        nameItem(`\${secret:${name}}`, t('a secret that is set'), range),
      );
    }
    const name = /\{\w*$/.exec(before);
    if (name === null || path[1] === 'fields') return [];
    const range = rangeFrom(name.index);
    return forNames.map((one) => nameItem(`{${one}}`, t('a value of “for”'), range));
  }
}

/** The value under the cursor with its quotes, or the place where one begins. */
function valueRange(
  document: vscode.TextDocument,
  position: vscode.Position,
  { previousNode }: Location,
): vscode.Range {
  const offset = document.offsetAt(position);
  const isInside =
    previousNode?.type === 'string' &&
    previousNode.offset < offset &&
    offset <= previousNode.offset + previousNode.length;
  if (!isInside) return new vscode.Range(position, position);
  return new vscode.Range(
    document.positionAt(previousNode.offset),
    document.positionAt(previousNode.offset + previousNode.length),
  );
}

function valueItem({ text, about }: Proposal, range: vscode.Range): vscode.CompletionItem {
  const item = new vscode.CompletionItem(text, vscode.CompletionItemKind.Field);
  const quoted = JSON.stringify(text);
  item.insertText = quoted;
  item.filterText = quoted;
  item.range = range;
  item.detail = about;
  // Before what the schema proposes.
  item.sortText = `0${text}`;
  return item;
}

function nameItem(text: string, about: string, range: vscode.Range): vscode.CompletionItem {
  const item = new vscode.CompletionItem(text, vscode.CompletionItemKind.Variable);
  item.insertText = text;
  item.filterText = text;
  item.range = range;
  item.detail = about;
  item.sortText = `0${text}`;
  return item;
}

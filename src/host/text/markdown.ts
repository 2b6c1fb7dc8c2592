import { t } from '@vscode/l10n';
import type { Formats } from '../../core/format.ts';
import { shownText } from '../../core/shownText.ts';

/** A line of a table of names and values: both are text, and nothing in them is markup. */
export type Row = readonly [name: string, value: string];

/** Text as Markdown shows it, on one line: no link (not even of an address), image, heading or cell of its own. */
export function escapeText(text: string): string {
  return shownText(text, Infinity)
    .replace(/[\\`*_{}[\]()#+\-.!|<>~&]|:(?=\/\/)|(?<=\w)@(?=\w)/g, (character) => `\\${character}`)
    .replace(/\s+/g, ' ');
}

/** A heading and what is below it; nothing when that is empty. */
export function section(title: string, ...lines: readonly string[]): readonly string[] {
  const body = lines.filter((line) => line !== '');
  return body.length === 0 ? [] : [`## ${title}`, ...body];
}

/** Names and values, without a head. Empty when there are none. */
export function factTable(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  return ['| | |', '|---|---|', ...rows.map(rowOf)].join('\n');
}

/** A table with a head. Cells are text; the columns of `numbers` stand to the right. Empty without rows. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[] = [],
): string {
  if (rows.length === 0) return '';
  const rule = head.map((_, column) => (numbers.includes(column) ? '---:' : '---'));
  return [rowOf(head), `|${rule.join('|')}|`, ...rows.map(rowOf)].join('\n');
}

/** One text a line. Empty without any. */
export function bullets(texts: readonly string[]): string {
  return texts.map((text) => `- ${escapeText(text)}`).join('\n');
}

/** The parts of a page with an empty line between them: Markdown runs paragraphs together otherwise. */
export function page(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The first of many names, and how many more there are. */
export function shortList(
  names: readonly string[],
  formats: Formats,
  options: { readonly count?: number; readonly shown?: number } = {},
): string {
  const { count = names.length, shown = 20 } = options;
  const first = names.slice(0, shown);
  const more = count - first.length;
  const text = first.join(', ');
  return more > 0 ? t('{0} and {1} more', text, formats.count(more)) : text;
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.map(escapeText).join(' | ')} |`;
}

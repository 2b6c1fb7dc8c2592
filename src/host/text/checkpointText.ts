import { t } from '@vscode/l10n';
import type { Formats } from '../../core/format.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { CheckpointContent } from '../../protocol/worker.ts';
import { escapeText, factTable, shortList, type Row } from './markdown.ts';
import { checkpointWord } from '../tree/treeModel.ts';

/** A checkpoint as a page that a person reads: what it says in a table, then all of it as JSON. Markdown. */
export function checkpointMarkdown(
  { listing, content }: CheckpointContent,
  formats: Formats,
): string {
  const rows: Row[] = [
    [t('Written'), formats.dateTime(Date.parse(listing.at))],
    [t('Because'), checkpointWord(listing.type)],
    [t('Records'), formats.count(listing.records)],
    [t('Journal position'), formats.count(listing.seq)],
    [
      t('State'),
      listing.valid ? t('Verified') : t('Damaged or missing; resuming does not need it.'),
    ],
  ];
  if (isJsonObject(content)) rows.push(...contentRows(content, formats));
  const json = JSON.stringify(content, null, 2);
  const fence = longestFence(json);
  return [
    `# ${t('Checkpoint')}`,
    '',
    escapeText(listing.id),
    '',
    factTable(rows),
    '',
    escapeText(listing.path),
    '',
    `## ${t('The whole file')}`,
    '',
    `${fence}json`,
    json,
    fence,
    '',
  ].join('\n');
}

/** What the second earlier system's fields say, where a file has them. */
function contentRows(content: JsonObject, formats: Formats): Row[] {
  const rows: Row[] = [];
  const groups = [
    ['venues_completed', t('Groups completed')],
    ['venues_in_progress', t('Groups in progress')],
    ['venues_not_started', t('Groups not started')],
  ] as const;
  for (const [field, name] of groups) {
    const value = content[field];
    if (!Array.isArray(value) || value.length === 0) continue;
    const names = value.map((venue: JsonValue) =>
      Array.isArray(venue) ? groupName(venue) : JSON.stringify(venue),
    );
    rows.push([name, shortList(names, formats)]);
  }
  const operation = content['last_successful_operation'];
  if (typeof operation === 'string') rows.push([t('Last successful operation'), operation]);
  return rows;
}

/** `iclr 2024`; a group without a year has 0 there. */
export function groupName(venue: readonly JsonValue[]): string {
  return venue
    .filter((part) => part !== 0)
    .map(String)
    .join(' ');
}

/** A code fence that nothing inside can close. */
function longestFence(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  return '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
}

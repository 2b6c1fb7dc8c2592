import type { RecordFilter } from './records.ts';

/** `author:Ann`, `author.name=Ann Lee`; not `http://…`. */
const fieldPattern = /^([\p{L}\p{N}_$@.-]+)([:=])(?!\/\/)(.*)$/su;
const quotedPattern = /^"(.*)"$/s;

/**
 * What a person typed as a filter: a text, `field:text` for a field that has the text in it, `field=text` for one that
 * is exactly it. What stands in quotes is a text as it is.
 *
 * @returns undefined where nothing was typed.
 */
export function parseRecordFilter(typed: string): RecordFilter | undefined {
  const trimmed = typed.trim();
  if (trimmed === '') return undefined;
  const quoted = quotedPattern.exec(trimmed)?.[1];
  if (quoted !== undefined && quoted !== '') return { kind: 'text', text: quoted };
  const [, field, sign, text = ''] = fieldPattern.exec(trimmed) ?? [];
  if (field === undefined) return { kind: 'text', text: trimmed };
  return {
    kind: sign === '=' ? 'equals' : 'contains',
    field,
    text: (quotedPattern.exec(text.trim())?.[1] ?? text).trim(),
  };
}

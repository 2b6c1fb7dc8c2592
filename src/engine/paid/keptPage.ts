import { canonicalJson, type JsonValue } from '../../core/json.ts';
import { rawLineOf, type RawEndLine, type RawItemLine } from '../../core/rawLine.ts';
import type { Unit } from '../../core/unit.ts';
import type { Page, Source } from '../../sources/source.ts';
import type { SessionStore } from '../../storage/sessionStore.ts';
import type { KeptPage, RawRange } from './paidPast.ts';

type RawLine = RawItemLine | RawEndLine;

const newline = 0x0a;

/**
 * A page that was paid for, as the source gave it, made of its raw lines.
 *
 * @param cursor where the unit was when it asked for the page.
 * @returns undefined when it is not there as a whole any more.
 */
export async function readKeptPage<Item>(
  store: SessionStore,
  source: Source<Item>,
  unit: Unit,
  cursor: JsonValue | undefined,
  { intent, ranges }: KeptPage,
): Promise<Page<Item> | undefined> {
  const at = canonicalJson(cursor ?? null);
  const items = new Map<number, JsonValue>();
  let mark: RawEndLine | undefined;
  for (const range of ranges) {
    for (const line of await readRawLines(store, range)) {
      if (line.unit !== unit.n || line.intent !== intent) continue;
      if (canonicalJson(line.cursor) !== at) continue;
      if (line.isEnd) mark = line;
      else items.set(line.i, line.item);
    }
  }
  if (mark?.items !== items.size) return undefined;
  const inOrder = [...items].sort(([a], [b]) => a - b);
  return {
    items: inOrder.map(([, item]) => source.fromRaw(item, unit)),
    ...(mark.next === null ? {} : { cursor: mark.next }),
    ...(mark.proof === undefined ? {} : { end: mark.proof }),
    ...(mark.units === undefined ? {} : { units: mark.units }),
    ...(mark.duplicates === undefined ? {} : { duplicates: mark.duplicates }),
  };
}

/** The marks of the pages that end in a part of a raw file; none where the part is not what was written. */
export async function readPageMarks(store: SessionStore, range: RawRange): Promise<RawEndLine[]> {
  return (await readRawLines(store, range)).filter((line) => line.isEnd);
}

async function readRawLines(store: SessionStore, range: RawRange): Promise<RawLine[]> {
  const bytes = await store.readRange(range);
  if (bytes === undefined) return [];
  const lines: RawLine[] = [];
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    const line = rawLineOf(bytes.subarray(start, end));
    if (line !== undefined) lines.push(line);
    start = end + 1;
  }
  return lines;
}

import {
  canonicalJson,
  isJsonObject,
  parseJson,
  type JsonObject,
} from '../../../../src/core/json.ts';
import type { OnConflict } from '../../../../src/core/mergeManifest.ts';

/** What a merge must come to. */
export interface Expected {
  readonly lines: readonly string[];
  readonly inputs: readonly {
    readonly lines: number;
    readonly kept: number;
    readonly duplicates: number;
    readonly conflicts: number;
    readonly rejected: number;
  }[];
}

interface Parsed {
  readonly input: number;
  readonly text: string;
  readonly record: JsonObject;
  readonly key: string;
}

/** Merges texts of JSONL in the plainest way: everything in memory, nothing clever. */
export function mergePlainly(
  texts: readonly string[],
  key: readonly string[] | null,
  rule: OnConflict,
  sort: string | null,
): Expected {
  const lineCounts = texts.map(() => 0);
  const records: Parsed[] = [];
  for (const [input, whole] of texts.entries()) {
    for (const raw of whole.split('\n')) {
      const text = raw.replace(/\r$/, '');
      if (text.trim() === '') continue;
      lineCounts[input] = (lineCounts[input] ?? 0) + 1;
      const record = parsed(text);
      if (record === undefined) continue;
      const parts = key === null ? [record] : key.map((field) => record[field] ?? null);
      if (parts.includes(null)) continue;
      records.push({ input, text, record, key: parts.map((part) => canonicalJson(part)).join() });
    }
  }
  const winners = new Map<string, Parsed>();
  for (const one of records) {
    const held = winners.get(one.key);
    const wins =
      held === undefined ||
      rule === 'last' ||
      (rule === 'richest' && fieldsIn(one.record) > fieldsIn(held.record));
    if (wins) winners.set(one.key, one);
  }
  const kept = records.filter((one) => winners.get(one.key) === one);
  const counts = texts.map((_, input) => {
    const own = records.filter((one) => one.input === input);
    const losers = own.filter((one) => winners.get(one.key) !== one);
    const differ = (one: Parsed): boolean =>
      canonicalJson(one.record) !== canonicalJson(winners.get(one.key)?.record ?? null);
    return {
      lines: lineCounts[input] ?? 0,
      kept: own.length - losers.length,
      duplicates: losers.length,
      conflicts: losers.filter(differ).length,
      rejected: (lineCounts[input] ?? 0) - own.length,
    };
  });
  if (sort !== null) kept.sort((a, b) => compare(a.record[sort], b.record[sort]));
  return { lines: kept.map(({ text }) => text), inputs: counts };
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function fieldsIn(record: JsonObject): number {
  return Object.values(record).filter(
    (value) => !['null', '""', '[]', '{}'].includes(JSON.stringify(value)),
  ).length;
}

/** Numbers, texts, missing; there is nothing else in these tests. */
function compare(a: unknown, b: unknown): number {
  const rank = (value: unknown): number =>
    typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : 2;
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (rank(a) === 2 || a === b) return 0;
  return (a as string) < (b as string) ? -1 : 1;
}

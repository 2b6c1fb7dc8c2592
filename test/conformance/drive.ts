import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, type JsonObject, type JsonValue, parseJson } from '../../src/core/json.ts';
import { silentLogger } from '../../src/core/ports.ts';
import { systemClock } from '../../src/core/systemPorts.ts';
import type { ClaimedUnit, NewUnit } from '../../src/core/unit.ts';
import {
  unlimitedRequests,
  unmetered,
  type Page,
  type Source,
  type SourceContext,
} from '../../src/sources/source.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { MemoryCalls } from '../fixtures/unitCalls.ts';

/** A context with the real clock, since the suite measures real waiting. */
export function makeContext(changes: Partial<SourceContext> = {}): SourceContext {
  return {
    clock: systemClock,
    random: new SeededRandom(1),
    logger: silentLogger,
    secrets: { get: () => Promise.resolve(undefined) },
    health: [],
    retry: { attempts: 5, baseMs: 10, maxMs: 100 },
    perHost: { concurrency: 4 },
    network: {},
    root: tmpdir(),
    scratch: join(tmpdir(), `cf-scratch-${process.pid}`),
    keyFields: undefined,
    requests: unlimitedRequests,
    meter: unmetered,
    ...changes,
  };
}

/** A signal that nobody aborts. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** What a value is after it was written to the journal and read again. */
export function throughJson<T extends JsonValue>(value: T): T {
  return parseJson(JSON.stringify(value)) as T;
}

/** The unit as the engine hands it out: from the journal, and not to be changed. */
export function claim(unit: NewUnit, n: number, cursor?: JsonValue): ClaimedUnit {
  return deepFreeze({
    key: unit.key,
    lane: unit.lane,
    group: unit.group,
    input: throughJson(unit.input),
    n,
    cursor: cursor === undefined ? undefined : throughJson(cursor),
    attempt: 1,
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}

/** The units that a source begins with. */
export async function planAll(source: Source<unknown>): Promise<NewUnit[]> {
  const units: NewUnit[] = [];
  for await (const unit of source.plan(never())) units.push(unit);
  return units;
}

/** Carries out a unit as the engine does: a source that is paid gets what it writes its calls down with. */
export function collect<Item>(
  source: Source<Item>,
  unit: ClaimedUnit,
  signal: AbortSignal,
): AsyncGenerator<Page<Item>, void, void> {
  const { paid } = source.traits;
  return source.collect(unit, { signal, ...(paid ? { calls: new MemoryCalls(unit.n) } : {}) });
}

/** The pages of one unit, to its end. */
export async function pagesOf<Item>(
  source: Source<Item>,
  unit: ClaimedUnit,
): Promise<Page<Item>[]> {
  const pages: Page<Item>[] = [];
  for await (const page of collect(source, unit, never())) pages.push(page);
  return pages;
}

/** Pulls everything, until there is nothing left or something is thrown. */
export async function drain(pulled: AsyncIterable<unknown>): Promise<void> {
  const iterator = pulled[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

/** The records of pages of a unit, each as text that is equal for equal records. */
export async function recordTexts<Item>(
  source: Source<Item>,
  unit: ClaimedUnit,
  pages: readonly Page<Item>[],
): Promise<string[]> {
  const texts: string[] = [];
  for (const page of pages) {
    for (const item of page.items) {
      if ((await source.makesRecord?.(item, unit)) === false) continue;
      texts.push(recordText(await source.map(item, unit)));
    }
  }
  return texts;
}

/** A record as text that is equal for equal records, whatever the order of their keys. */
export function recordText(record: JsonObject): string {
  return canonicalJson(throughJson(record));
}

/** One unit with its pages. */
export interface CollectedUnit<Item> {
  readonly unit: ClaimedUnit;
  readonly pages: readonly Page<Item>[];
}

/** Carries out every planned and discovered unit, each key once, `atOnce` at the same time. */
export async function collectAll<Item>(
  source: Source<Item>,
  atOnce: number,
): Promise<CollectedUnit<Item>[]> {
  const queue = await planAll(source);
  const known = new Set<string>(queue.map((unit) => unit.key));
  const collected: CollectedUnit<Item>[] = [];
  let n = 0;

  const collectOne = async (newUnit: NewUnit) => {
    const unit = claim(newUnit, ++n);
    const pages = await pagesOf(source, unit);
    collected.push({ unit, pages });
    for (const found of pages.flatMap((page) => page.units ?? [])) {
      if (known.has(found.key)) continue;
      known.add(found.key);
      queue.push(found);
    }
  };
  while (queue.length > 0) {
    await Promise.all(queue.splice(0, atOnce).map((unit) => collectOne(unit)));
  }
  return collected;
}

/** How long a source has to stop after its signal was aborted. */
export const stopWithinMs = 1_000;

/**
 * The result of `work`, which must settle within `ms`.
 *
 * @throws AssertionError that says what did not happen.
 */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new assert.AssertionError({ message: `${what} took longer than ${ms} ms` }));
    }, ms);
  });
  // When the work is late, nobody is left to see how it ends.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What `work` throws. Fails when it does not throw. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  assert.fail('nothing was thrown');
}

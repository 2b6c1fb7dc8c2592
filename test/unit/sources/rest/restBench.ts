import type { TestContext } from 'node:test';
import { collectionSchema } from '../../../../src/core/config.ts';
import type { RestSourceConfig } from '../../../../src/core/config/restSource.ts';
import type { EndProof } from '../../../../src/core/events.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/json.ts';
import type { NewUnit } from '../../../../src/core/unit.ts';
import { createRestSource, type RestItem } from '../../../../src/sources/rest/restSource.ts';
import type { Page, Source, SourceContext } from '../../../../src/sources/source.ts';
import { claim, makeContext, never, planAll } from '../../../conformance/drive.ts';
import { json } from '../../../fixtures/answers.ts';
import type { Answer, FaultyRequest } from '../../../fixtures/faultyServer.ts';

/** A REST source's part of a collection, as it is after its checks. */
export function restConfig(source: object): RestSourceConfig {
  const { source: checked } = collectionSchema.parse({
    name: 'test',
    source: { type: 'rest', ...source },
  });
  if (checked.type !== 'rest') throw new Error('not a REST source');
  return checked;
}

/** A source that is closed when the test ends. */
export function openRest(
  t: TestContext,
  source: object,
  context: Partial<SourceContext> = {},
): Source<RestItem> {
  const rest = createRestSource(restConfig(source), makeContext(context));
  t.after(() => rest.close());
  return rest;
}

/** The unit that a source without `for` plans. */
export async function onlyUnit(source: Source<RestItem>): Promise<NewUnit> {
  const [unit, ...others] = await planAll(source);
  if (unit === undefined || others.length > 0) throw new Error('one unit expected');
  return unit;
}

/** What was read of a unit. */
export interface Read {
  readonly values: readonly JsonValue[];
  readonly pages: readonly Page<RestItem>[];
  readonly end: EndProof | undefined;
}

/** Reads the only unit of a source from a cursor on, to its end. */
export async function readAll(source: Source<RestItem>, cursor?: JsonValue): Promise<Read> {
  const pages: Page<RestItem>[] = [];
  const unit = claim(await onlyUnit(source), 1, cursor);
  for await (const page of source.collect(unit, { signal: never() })) pages.push(page);
  const values = pages.flatMap((page) => page.items.map((item) => item.value));
  return { values, pages, end: pages.at(-1)?.end };
}

/** The records of the only unit of a source. */
export async function recordsOf(source: Source<RestItem>): Promise<JsonObject[]> {
  const unit = claim(await onlyUnit(source), 1);
  const records: JsonObject[] = [];
  for (const { items } of (await readAll(source)).pages)
    for (const item of items) records.push(await source.map(item, unit));
  return records;
}

/** Answers with JSON that depends on the request. */
export function answer(
  body: (request: FaultyRequest) => unknown,
  headers: (request: FaultyRequest) => Readonly<Record<string, string>> = () => ({}),
): Answer {
  return (request, response) => json(body(request), headers(request))(request, response);
}

/** `count` things from number `from` on. */
export function things(from: number, count: number): { readonly id: number }[] {
  return Array.from({ length: Math.max(0, count) }, (_, i) => ({ id: from + i }));
}

import type { TestContext } from 'node:test';
import { collectionSchema } from '../../../../src/core/config.ts';
import type { HtmlSourceConfig } from '../../../../src/core/config/htmlSource.ts';
import { CollectorError } from '../../../../src/core/errors.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { ClaimedUnit } from '../../../../src/core/unit.ts';
import type { HtmlItem } from '../../../../src/sources/html/htmlItem.ts';
import { createHtmlSource } from '../../../../src/sources/html/htmlSource.ts';
import type { PageWalkOptions } from '../../../../src/sources/html/pageWalk.ts';
import type { Source, SourceContext } from '../../../../src/sources/source.ts';
import { claim, makeContext, pagesOf, planAll } from '../../../conformance/drive.ts';

/** The checked form of an `html` source, as the collection file would have it. */
export function htmlConfig(source: object): HtmlSourceConfig {
  const collection = collectionSchema.parse({
    name: 'test',
    source: { type: 'html', fields: { title: 'title' }, ...source },
  });
  if (collection.source.type !== 'html') throw new Error('not an HTML source');
  return collection.source;
}

/** A source that is closed when the test ends. */
export function openHtml(
  t: TestContext,
  source: object,
  context: Partial<SourceContext> = {},
  options: PageWalkOptions = {},
): Source<HtmlItem> {
  const made = createHtmlSource(htmlConfig(source), makeContext(context), options);
  t.after(() => made.close());
  return made;
}

/** What a walk of a whole site gave. */
export interface Walk {
  readonly records: readonly JsonObject[];
  /** How each unit ended, by its key: its proof, or the code of its error. */
  readonly ends: Readonly<Record<string, string>>;
}

/** Carries a source out, one unit after the other, as an engine would: units once each, no retries. */
export async function walk(source: Source<HtmlItem>): Promise<Walk> {
  const records: JsonObject[] = [];
  const ends: Record<string, string> = {};
  const queue = await planAll(source);
  const known = new Set(queue.map((unit) => unit.key));
  for (const [index, planned] of queue.entries()) {
    const unit = claim(planned, index + 1);
    try {
      for (const page of await pagesOf(source, unit)) {
        for (const item of page.items) records.push(await source.map(item, unit));
        for (const found of page.units ?? []) {
          if (known.has(found.key)) continue;
          known.add(found.key);
          queue.push(found);
        }
        if (page.end !== undefined) ends[unit.key] = page.end.by;
      }
    } catch (error) {
      if (!(error instanceof CollectorError)) throw error;
      ends[unit.key] = error.code;
    }
  }
  return { records, ends };
}

/** The unit of a page, claimed. */
export function pageOf(url: string, input: JsonObject = { depth: 0 }, n = 1): ClaimedUnit {
  return claim({ key: url, lane: new URL(url).host, group: 'pages', input }, n);
}

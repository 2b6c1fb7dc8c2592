import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { readCollectionText } from '../../src/core/collectionText.ts';
import type { Collection } from '../../src/core/config.ts';
import { UnitBlockedError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { startSampleApi } from '../../src/serve/sampleApi.ts';
import { sampleBooks } from '../../src/serve/sampleBooks.ts';
import { samplePapers } from '../../src/serve/samplePapers.ts';
import {
  bookPath,
  disallowedPath,
  listingCount,
  startSampleSite,
} from '../../src/serve/sampleSite.ts';
import type { ClaimedUnit, NewUnit } from '../../src/core/unit.ts';
import { createHtmlSource } from '../../src/sources/html/htmlSource.ts';
import { createRestSource } from '../../src/sources/rest/restSource.ts';
import type { Source } from '../../src/sources/source.ts';
import { claim, makeContext, pagesOf, planAll, recordText } from './drive.ts';

/** A sample collection as `npm start` makes it: with the server's real address. */
async function readSample(name: string, placeholder: string, url: string): Promise<Collection> {
  const file = new URL(`../../media/samples/${name}.collect.json`, import.meta.url);
  const text = await readFile(file, 'utf8');
  assert.ok(text.includes(placeholder), placeholder);
  return readCollectionText(text.replaceAll(placeholder, new URL(url).host), name).collection;
}

interface Collected {
  readonly records: readonly string[];
  readonly units: number;
  readonly blocked: readonly string[];
}

async function collect<Item>(source: Source<Item>): Promise<Collected> {
  const queue: NewUnit[] = await planAll(source);
  const known = new Set(queue.map((unit) => unit.key));
  const records: string[] = [];
  const blocked: string[] = [];
  let units = 0;
  for (const newUnit of queue) {
    const unit: ClaimedUnit = claim(newUnit, ++units);
    try {
      for (const page of await pagesOf(source, unit)) {
        for (const item of page.items) records.push(recordText(await source.map(item, unit)));
        for (const found of page.units ?? []) {
          if (!known.has(found.key)) queue.push(found);
          known.add(found.key);
        }
      }
    } catch (error) {
      if (!(error instanceof UnitBlockedError)) throw error;
      blocked.push(unit.key);
    }
  }
  return { records, units, blocked };
}

function texts(records: readonly JsonObject[]): string[] {
  return records.map(recordText).sort();
}

test('the sample collection of books finds every book, and the page that is forbidden', async (t) => {
  const site = await startSampleSite();
  t.after(() => site.close());
  const { source: config } = await readSample('books', '127.0.0.1:8080', site.url);
  assert.ok(config.type === 'html');
  const source = createHtmlSource(config, makeContext());
  t.after(() => source.close());
  const { records, units, blocked } = await collect(source);
  assert.deepEqual(
    records.toSorted(),
    texts(
      sampleBooks.map((book) => ({
        title: book.title,
        author: book.author,
        price: book.pricePence / 100,
        stock: book.inStock === 0 ? null : book.inStock,
        stars: book.stars,
        tags: [book.shelf, `${book.stars} stars`],
        description: book.description.replace(/<\/?em>/g, ''),
        url: new URL(bookPath(book), site.url).href,
      })),
    ),
  );
  assert.deepEqual(blocked, [new URL(disallowedPath, site.url).href]);
  assert.equal(units, listingCount + sampleBooks.length + 1);
});

test('the sample collection of papers finds every paper of its venues and years', async (t) => {
  const api = await startSampleApi();
  t.after(() => api.close());
  const { source: config } = await readSample('papers', '127.0.0.1:8081', api.url);
  assert.ok(config.type === 'rest');
  const source = createRestSource(config, makeContext());
  t.after(() => source.close());
  const { records, units } = await collect(source);
  assert.equal(units, 4);
  assert.deepEqual(
    records.toSorted(),
    texts(
      samplePapers
        .filter(({ venue, year }) => venue !== 'neurips' && year >= 2023)
        .map(({ id, title, authors, keywords, venue, year }) => ({
          paper_id: id,
          title,
          authors,
          first_author: authors[0] ?? null,
          keyword_count: keywords.length,
          venue,
          year,
        })),
    ),
  );
});

import { parse } from 'jsonc-parser';
import { readCollectionText } from '../../core/collectionText.ts';
import { collectionFileSchema, type Collection } from '../../core/config.ts';
import { walksPages } from '../../core/config/pageSources.ts';
import { ConfigError, UnitFailedError, UsageError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { Redactor } from '../../core/redactor.ts';
import type { NewUnit } from '../../core/unit.ts';
import { canonicalUrl } from '../../sources/html/canonicalUrl.ts';
import { parseHtml } from '../../sources/html/document.ts';
import type { HtmlItem } from '../../sources/html/htmlItem.ts';
import { isSitemap, startUnit } from '../../sources/html/units.ts';
import { createSource } from '../../sources/registry.ts';
import type { Source } from '../../sources/source.ts';
import { withoutWriting } from '../preview/previewSource.ts';
import { pageContext, type ReadingPorts } from './pageContext.ts';
import { StudiedPage } from './studiedPage.ts';

/** A page as it came. */
export interface ReadPage {
  readonly page: StudiedPage;
  /** Bytes of its text. */
  readonly bytes: number;
}

/** How often in a row a page may lead to another. */
const maxMoves = 10;

/**
 * Reads one page as a run of the collection would: with its settings, its interactions, robots.txt and its secrets, but
 * nowhere written down. Secrets are taken out of what comes back.
 *
 * @param text the collection's text, whose fields may still be missing or wrong.
 * @param url the page's address; null takes the first that the collection begins with.
 * @throws ConfigError for a text that is no collection of pages; UsageError for an address that is none, or when there
 *   is none to begin with; what the source throws when the page can't be had.
 */
export async function readPage(
  text: string,
  file: string,
  url: string | null,
  ports: ReadingPorts,
  signal: AbortSignal,
): Promise<ReadPage> {
  const collection = pageCollection(text, file, url);
  const redactor = new Redactor();
  const source = (await createSource(
    collection.source,
    pageContext(collection, ports, redactor),
  )) as Source<HtmlItem>;
  try {
    let unit = url === null ? await firstPage(source, signal) : namedPage(url);
    for (let moves = 0; moves <= maxMoves; moves++) {
      const { item, movedTo } = await collectOne(source, unit, signal);
      if (item !== undefined) return studied(item, redactor);
      if (movedTo === undefined) break;
      unit = movedTo;
    }
    throw new UnitFailedError(
      'TOO_MANY_REDIRECTS',
      `${unit.key} leads from page to page without end.`,
      {
        url: unit.key,
      },
    );
  } finally {
    await source.close();
  }
}

/** The collection with one page as its record: whatever its fields are, the page is what is wanted of it. */
function pageCollection(text: string, file: string, url: string | null): Collection {
  const value = parse(text, [], { allowTrailingComma: true }) as JsonValue | undefined;
  const source = isJsonObject(value) ? value['source'] : undefined;
  const type = isJsonObject(source) ? source['type'] : undefined;
  const isOfPages = typeof type === 'string' && walksPages({ type });
  if (!isJsonObject(value) || !isJsonObject(source) || !isOfPages) {
    // Says what is wrong with a text that is no collection at all.
    readCollectionText(text, file);
    throw new UsageError(
      'PICKER_NOT_PAGES',
      'Fields are picked from web pages: the collection is of another type than html and browser.',
      { file },
    );
  }
  const rest = Object.entries(source).filter(([name]) => name !== 'items');
  const scope = isJsonObject(source['scope']) ? source['scope'] : {};
  const wanted: JsonObject = {
    name: 'page',
    source: {
      ...Object.fromEntries(rest),
      ...(url === null ? {} : { start: [url], sitemaps: [], for: {} }),
      follow: [],
      // Where the page leads to is where somebody wants to look.
      scope: { ...scope, hosts: ['*'], include: [], exclude: [] },
      fields: { url: { from: 'url' } },
    },
    limits: onlyPerHost(value['limits']),
  };
  const parsed = collectionFileSchema.safeParse(wanted);
  // Screenshots would be written.
  if (parsed.success) return withoutWriting(parsed.data).collection;
  readCollectionText(text, file);
  throw new ConfigError(file, [
    { code: 'CONFIG_INVALID', message: 'The collection can not be read.', path: 'source' },
  ]);
}

function onlyPerHost(limits: JsonValue | undefined): JsonObject {
  const perHost = isJsonObject(limits) ? limits['perHost'] : undefined;
  return perHost === undefined ? {} : { perHost };
}

function namedPage(url: string): NewUnit {
  const target = canonicalUrl(url);
  if (target === null) {
    throw new UsageError('URL_INVALID', `"${url}" is no http or https address.`, { url });
  }
  return startUnit(target);
}

async function firstPage(source: Source<HtmlItem>, signal: AbortSignal): Promise<NewUnit> {
  for await (const unit of source.plan(signal)) {
    if (!isSitemap({ ...unit, n: 1 })) return unit;
  }
  throw new UsageError(
    'PICKER_NO_PAGE',
    'The collection names no page to begin with. Enter the address of one.',
  );
}

async function collectOne(
  source: Source<HtmlItem>,
  unit: NewUnit,
  signal: AbortSignal,
): Promise<{ readonly item?: HtmlItem; readonly movedTo?: NewUnit }> {
  const claimed = { ...unit, n: 1, cursor: undefined, attempt: 1 };
  for await (const { items, units, end } of source.collect(claimed, { signal })) {
    const item = items.at(-1);
    if (item !== undefined) return { item };
    const movedTo = units?.[0];
    if (end !== undefined && movedTo !== undefined) return { movedTo };
  }
  return {};
}

function studied(item: HtmlItem, redactor: Redactor): ReadPage {
  if (!('html' in item)) throw new Error('A collection without items gives whole pages.');
  const { html, place, facts } = item;
  const bytes = Buffer.byteLength(html);
  if (!redactor.isIn(html)) return { page: new StudiedPage(place, facts), bytes };
  return { page: new StudiedPage(parseHtml(redactor.received(html)), facts), bytes };
}

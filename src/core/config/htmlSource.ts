import * as z from 'zod';
import { forValues } from './forValues.ts';
import { count, text, urlText } from './parts.ts';
import { requestOptions } from './request.ts';

const htmlFieldLong = z.strictObject({
  select: z
    .union([text(), z.array(text()).min(1)])
    .optional()
    .describe('CSS selector; a list is tried in order until one gives a value.'),
  attr: text().optional().describe('Take this attribute instead of the text.'),
  list: z.boolean().optional().describe('All matches, as a list.'),
  regex: text()
    .optional()
    .describe('Regular expression; its first group, or else its whole match, is the value.'),
  as: z
    .enum(['text', 'number', 'integer', 'boolean', 'url', 'html'])
    .optional()
    .describe('What to make of the text. A number that is none gives null, never 0.'),
  from: z
    .union([
      z.enum(['url', 'page', 'depth', 'fetchedAt', 'status']),
      z.templateLiteral(['for.', text()]),
    ])
    .optional()
    .describe(
      'A fact about the page instead of a part of it; page is the canonical URL, for.NAME a value of for (a page that was found has those of the page that it was found on).',
    ),
});

const htmlField = z
  .union([text(), htmlFieldLong])
  .describe("A CSS selector (the first match's text), or { select, attr, list, regex, as, from }.");

/** What every source that walks web pages is told: where to begin, where to go, what to take. */
export const pageParts = {
  for: forValues,
  start: z
    .array(urlText)
    .default([])
    .describe('Pages to begin with; each once for every combination of the values of for.'),
  sitemaps: z
    .array(urlText)
    .default([])
    .describe('Sitemaps (also index files and .gz) whose URLs are pages to begin with.'),
  follow: z
    .array(text())
    .default([])
    .describe('CSS selectors of links to follow. rel=nofollow links are left alone.'),
  scope: z
    .strictObject({
      hosts: z
        .array(text())
        .optional()
        .describe(
          'Hosts (with port) that may be visited; "*" is every host. Left out: those of start and sitemaps; where these hosts come from a file, for each page its own.',
        ),
      include: z
        .array(text())
        .default([])
        .describe('Regular expressions; a URL must match one, where there are any.'),
      exclude: z
        .array(text())
        .default([])
        .describe('Regular expressions; a URL that matches one is not visited.'),
      maxDepth: z.number().int().min(0).optional().describe('Links away from a start page.'),
      maxPagesPerHost: count().optional().describe('Pages of one host; further ones are skipped.'),
      maxUrlLength: count(65_536)
        .default(2048)
        .describe('Longer URLs are skipped: crawler traps grow them.'),
    })
    .prefault({})
    .describe('What may be visited.'),
  items: text()
    .optional()
    .describe('CSS selector; one record per match. Left out: one record per page.'),
  fields: z.record(text(), htmlField).describe("The record's fields."),
  robots: z.enum(['obey', 'ignore']).default('obey').describe('Whether robots.txt is obeyed.'),
  request: requestOptions.prefault({}).describe('How requests are made.'),
};

/** The `html` source's part of a collection: pages that need no browser. */
export const htmlSource = z.strictObject({ type: z.literal('html'), ...pageParts });

/** The `html` source's part of a collection. */
export type HtmlSourceConfig = z.infer<typeof htmlSource>;
/** What the sources that walk web pages have in common. */
export type PageSourceConfig = Omit<HtmlSourceConfig, 'type'>;
/** One field of a source that walks web pages. */
export type HtmlFieldConfig = z.infer<typeof htmlField>;

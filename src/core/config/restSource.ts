import * as z from 'zod';
import { forValues } from './forValues.ts';
import { count, scalar, text, urlText } from './parts.ts';
import { requestOptions } from './request.ts';

const paramPlace = z
  .enum(['query', 'body'])
  .default('query')
  .describe(
    'Where param goes: into the query, or into the JSON body of a POST, where it is a path.',
  );

const pastEnd = z
  .number()
  .int()
  .min(400)
  .max(499)
  .optional()
  .describe(
    'Status with which the API answers a page after the last one (WordPress: 400): the end then, and not an error. The first page is never after the last.',
  );

const paginate = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('none') }),
    z.strictObject({
      type: z.literal('page'),
      param: text().default('page'),
      in: paramPlace,
      start: z.number().int().min(0).default(1).describe('Number of the first page.'),
      totalPages: text()
        .optional()
        .describe('Path of the number of pages in the body, or header:NAME.'),
      pastEnd,
    }),
    z.strictObject({
      type: z.literal('offset'),
      param: text().default('offset'),
      in: paramPlace,
      start: z.number().int().min(0).default(0),
      step: count().optional().describe('How far to move on. Left out: by the items received.'),
      next: text()
        .optional()
        .describe('Path of the next offset in the body; its absence is the end.'),
      pastEnd,
    }),
    z.strictObject({
      type: z.literal('cursor'),
      param: text().default('cursor'),
      in: paramPlace,
      from: text().describe('Path of the next cursor in the body.'),
      first: z.string().optional().describe('Cursor of the first request, e.g. "*".'),
    }),
    z.strictObject({
      type: z.literal('header'),
      param: text().default('cursor'),
      in: paramPlace,
      header: text().describe('Response header with the next cursor; its absence is the end.'),
    }),
    z
      .strictObject({ type: z.literal('link') })
      .describe('Link header with rel="next"; its absence is the end.'),
    z.strictObject({
      type: z.literal('next'),
      from: text().describe("Path of the next page's URL in the body; its absence is the end."),
    }),
    z.strictObject({
      type: z.literal('keyset'),
      param: text(),
      in: paramPlace,
      from: text().describe('Path of the key to go on after, e.g. "notes[-1].id".'),
    }),
    z.strictObject({
      type: z.literal('continue'),
      from: text()
        .default('continue')
        .describe("Path of the object to copy into the next request's query."),
      mergeBy: text()
        .optional()
        .describe(
          'Path, in an item, of what identifies it. Where an API tells of one thing in several answers (MediaWiki), these parts become one item once batchEnd shows that all are there.',
        ),
      batchEnd: text()
        .default('batchcomplete')
        .describe('With mergeBy: where there is something at this path, all parts have come.'),
    }),
  ])
  .describe('How one page leads to the next.');

const restField = z
  .union([
    z.string(),
    z.strictObject({ from: text().describe('for.NAME, url, fetchedAt or status.') }),
  ])
  .describe(
    'A path ("content.title.value", "authors[0].name", "notes[-1].id"), or JSONata after "=". null where there is nothing.',
  );

const price = z
  .strictObject({
    perCallUsd: z
      .number()
      .min(0.000001)
      .describe('Most that one request for a page can cost, in US dollars.'),
    onDoubt: z
      .enum(['ask', 'repeat'])
      .default('ask')
      .describe(
        'What becomes of a call that was cut off: it counts as spent either way. ask: its unit is failed until you have it tried again; repeat: it is made again.',
      ),
  })
  .describe(
    'For an API that costs money: every request for a page is written down, and its price set apart from limits.maxUsd, before it leaves.',
  );

/** The `rest` source's part of a collection: APIs that answer with JSON, page by page. */
export const restSource = z.strictObject({
  type: z.literal('rest'),
  for: forValues,
  url: urlText,
  method: z.enum(['GET', 'POST']).default('GET'),
  query: z
    .record(z.string(), scalar)
    .default({})
    .describe('Query parameters; values may hold {name} templates.'),
  body: z
    .json()
    .optional()
    .describe(
      'JSON body of a POST; texts in it may hold {name} templates. "{name}" alone keeps the type of its value.',
    ),
  paginate: paginate.default({ type: 'none' }),
  items: z
    .string()
    .default('')
    .describe(
      'Path of the list of items in the body, or JSONata after "="; empty when the body is the list.',
    ),
  noItemsWhen: z
    .array(text())
    .default([])
    .describe(
      'Paths in the body. Where there is something at one of them, an answer without a list of items has none; without this it is an error.',
    ),
  total: text()
    .optional()
    .describe(
      'Path of the number of items in the body, or header:NAME: compared with what was received.',
    ),
  totalIsExact: z
    .boolean()
    .default(true)
    .describe(
      "false where the API's total is an estimate: a difference is then a warning and not a failure.",
    ),
  fields: z
    .record(text(), restField)
    .optional()
    .describe("The record's fields. Left out: the item as it is."),
  price: price.optional(),
  request: requestOptions.prefault({}),
});

/** The `rest` source's part of a collection. */
export type RestSourceConfig = z.infer<typeof restSource>;
/** One field of the `rest` source. */
export type RestFieldConfig = z.infer<typeof restField>;
/** A paginator's settings. */
export type PaginateConfig = z.infer<typeof paginate>;
/** What a call costs. */
export type PriceConfig = z.infer<typeof price>;

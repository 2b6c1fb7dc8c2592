import * as z from 'zod';
import { isSafeFileName } from './names.ts';

/**
 * The collection file (`NAME.collect.json`), written once: the types, the checks and the JSON Schema that the editor
 * completes from all come from here. Descriptions are what a person reads on hover.
 */

const count = (max = Number.MAX_SAFE_INTEGER) => z.number().int().min(1).max(max);
const text = () => z.string().min(1);

const urlText = text().describe(
  'An http or https URL; may hold {name} templates and ${secret:NAME}.',
);

const headerMap = z
  .record(z.string(), z.string())
  .describe('Header names and values; values may hold ${secret:NAME}.');

/** How requests are made: the same for every source that speaks HTTP. */
const requestOptions = z.strictObject({
  headers: headerMap.optional(),
  cookies: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'Cookies to send to the start hosts; cookies that hosts set are kept for the session.',
    ),
  userAgent: text()
    .optional()
    .describe('The whole User-Agent. Left out: "cf-collector/VERSION" and the contact.'),
  contact: text()
    .optional()
    .describe('A mail address or URL that the User-Agent names, so that a site can reach you.'),
  proxy: text()
    .optional()
    .describe("Proxy URL. Left out: the editor's http.proxy, else the environment's."),
  timeoutMs: count(3_600_000)
    .default(30_000)
    .describe('Deadline of one request, body included, in milliseconds.'),
  maxBodyBytes: count()
    .default(32 * 1024 * 1024)
    .describe('Largest body, after decompression, in bytes. A larger one fails the unit.'),
  maxRedirects: z
    .number()
    .int()
    .min(0)
    .max(50)
    .default(10)
    .describe('Redirects followed for one request.'),
});

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
    .enum(['url', 'page', 'depth', 'fetchedAt', 'status'])
    .optional()
    .describe('A fact about the page instead of a part of it; page is the canonical URL.'),
});

const htmlField = z
  .union([text(), htmlFieldLong])
  .describe("A CSS selector (the first match's text), or { select, attr, list, regex, as, from }.");

const htmlSource = z.strictObject({
  type: z.literal('html'),
  start: z.array(urlText).default([]).describe('Pages to begin with.'),
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
        .describe('Hosts (with port) that may be visited. Left out: those of start and sitemaps.'),
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
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const paramPlace = z
  .enum(['query', 'body'])
  .default('query')
  .describe(
    'Where param goes: into the query, or into the JSON body of a POST, where it is a path.',
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

const restSource = z.strictObject({
  type: z.literal('rest'),
  for: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), z.array(scalar).min(1))
    .default({})
    .describe(
      'One unit and one group for every combination of these values; {name} stands for them elsewhere.',
    ),
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
  request: requestOptions.prefault({}),
});

const filesSource = z.strictObject({
  type: z.literal('files'),
  inputs: z
    .array(
      z.union([
        text(),
        z.strictObject({
          path: text(),
          bytes: z.number().int().min(0).describe('Size when the merge began.'),
          modifiedMs: z.number().describe('Time of its last change when the merge began.'),
        }),
      ]),
    )
    .min(1)
    .describe(
      'Files to read, in this order, relative to the workspace folder: JSONL, or CSV and TSV with a line of names; also as .gz.',
    ),
  onConflict: z
    .enum(['first', 'last', 'richest'])
    .default('first')
    .describe(
      'Which of several records with one key is kept; richest: the one with the most fields that hold something.',
    ),
  sort: text()
    .optional()
    .describe(
      'Field to sort the records by: numbers, then texts, then records without it. Left out: in the order of the files.',
    ),
});

const sourceConfig = z
  .discriminatedUnion('type', [htmlSource, restSource, filesSource])
  .describe('What to collect.');

const jsonSchemaObject = z.record(z.string(), z.json());

/** The whole collection file. */
export const collectionSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z
      .string()
      .min(1)
      .max(100)
      .refine(isSafeFileName, 'must be usable as a file name: letters, digits, ".", "_" and "-"')
      .describe("The collection's name; files and sessions are named after it."),
    source: sourceConfig,
    record: z
      .strictObject({
        key: z
          .array(text())
          .min(1)
          .optional()
          .describe(
            "Fields that together identify a record. Left out: the page's URL, or else the whole record.",
          ),
        schema: jsonSchemaObject
          .optional()
          .describe('JSON Schema that every record must fit; others are rejected.'),
      })
      .prefault({})
      .describe('What a record is.'),
    output: z
      .strictObject({
        dir: text()
          .default('data/raw')
          .describe('Folder of the master files, relative to the workspace folder.'),
        prefix: z
          .string()
          .refine(
            isSafeFileName,
            'must be usable as a file name: letters, digits, ".", "_" and "-"',
          )
          .optional()
          .describe("Start of the files' names. Left out: the collection's name."),
        provenance: z
          .boolean()
          .default(false)
          .describe(
            'Add _unit, _url and _fetchedAt to every record; they take no part in its key.',
          ),
        raw: z
          .boolean()
          .optional()
          .describe(
            'Keep every item as received, too. Left out: only for sources that cost money.',
          ),
      })
      .prefault({})
      .describe('Where records go.'),
    limits: z
      .strictObject({
        target: count().optional().describe('Complete at exactly this many records.'),
        maxUsd: z.number().positive().optional().describe('Most money to spend, in US dollars.'),
        perKey: z
          .strictObject({ field: text(), max: count() })
          .optional()
          .describe('At most max records with the same value of field.'),
        concurrency: count(256).default(8).describe('Units worked on at once.'),
        perHost: z
          .strictObject({
            concurrency: count(256).default(4).describe('Requests to one host at once.'),
            ratePerSecond: z
              .number()
              .positive()
              .optional()
              .describe('Requests to one host per second, at most.'),
          })
          .prefault({}),
      })
      .prefault({})
      .describe('When to stop, and how hard to pull.'),
    durability: z
      .strictObject({
        flushEvery: count(100_000)
          .default(10)
          .describe('Records a unit may hold back before they are made durable.'),
        flushMs: count(600_000)
          .default(1000)
          .describe('Milliseconds a unit may hold records back.'),
        fsync: z
          .boolean()
          .default(true)
          .describe('false risks the newest records at a power cut. For measuring only.'),
      })
      .prefault({})
      .describe('How soon records are safe.'),
    dedup: z
      .strictObject({
        capacity: count()
          .default(100_000)
          .describe('Keys that one generation of the bloom filter is made for; it grows past it.'),
        errorRate: z
          .number()
          .gt(0)
          .lt(0.5)
          .default(0.001)
          .describe('Share of new keys that need an exact look-up.'),
        recent: count(10_000_000)
          .default(1000)
          .describe('Keys kept at hand for repeats that come soon.'),
        against: z
          .enum(['session', 'previous'])
          .default('session')
          .describe('previous: also drop what earlier sessions of this collection have.'),
      })
      .prefault({})
      .describe('How duplicates are found. Always exact; these settings change speed and memory.'),
    checkpoints: z
      .strictObject({
        everyUnits: count().default(50),
        everySeconds: count().default(30),
        keep: count().default(1000).describe('Checkpoints kept per session.'),
        cleanupEvery: count().default(100).describe('Clean up after this many new ones.'),
      })
      .prefault({})
      .describe('When a checkpoint is written.'),
    retry: z
      .strictObject({
        attempts: count(1000).default(5).describe('Tries of a unit before it is failed.'),
        baseMs: count(3_600_000)
          .default(500)
          .describe('First wait; doubled each time, with jitter.'),
        maxMs: count(86_400_000)
          .default(60_000)
          .describe('Longest wait of our own; a Retry-After may ask for more.'),
      })
      .prefault({})
      .describe('What happens after an error that may pass.'),
  })
  .describe('A collection: what to collect, how, and where to.');

/** A checked collection, defaults filled in. */
export type Collection = z.infer<typeof collectionSchema>;
/** The `html` source's part of a collection. */
export type HtmlSourceConfig = z.infer<typeof htmlSource>;
/** The `rest` source's part of a collection. */
export type RestSourceConfig = z.infer<typeof restSource>;
/** The `files` source's part of a collection. */
export type FilesSourceConfig = z.infer<typeof filesSource>;
/** One field of the `html` source. */
export type HtmlFieldConfig = z.infer<typeof htmlField>;
/** One field of the `rest` source. */
export type RestFieldConfig = z.infer<typeof restField>;
/** A paginator's settings. */
export type PaginateConfig = z.infer<typeof paginate>;
/** How requests are made. */
export type RequestConfig = z.infer<typeof requestOptions>;

/** The JSON Schema of the collection file, for the editor's completion and hover (`media/schemas`). */
export function collectionJsonSchema(): object {
  return z.toJSONSchema(collectionSchema, { io: 'input', target: 'draft-7' });
}

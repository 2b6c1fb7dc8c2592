import * as z from 'zod';
import { apifySource } from './config/apifySource.ts';
import { browserSource } from './config/browserSource.ts';
import { extensionSource } from './config/extensionSource.ts';
import { filesSource } from './config/filesSource.ts';
import { htmlSource } from './config/htmlSource.ts';
import { moduleSource } from './config/moduleSource.ts';
import { count, text } from './config/parts.ts';
import { restSource } from './config/restSource.ts';
import { isSafeFileName } from './names.ts';

/**
 * The collection file (`NAME.collect.json`), written once: the types, the checks and the JSON Schema that the editor
 * completes from all come from here and from `config/`. Descriptions are what a person reads on hover.
 */

const sourceConfig = z
  .discriminatedUnion('type', [
    htmlSource,
    browserSource,
    restSource,
    apifySource,
    filesSource,
    moduleSource,
    extensionSource,
  ])
  .describe('What to collect.');

const jsonSchemaObject = z.record(z.string(), z.json());

/** What a collection is, with what only sessions have that a command has made. */
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
        maxRequests: count()
          .optional()
          .describe('Most requests to send, over all starts and resumes; then the session pauses.'),
        maxMinutes: z
          .number()
          .positive()
          .optional()
          .describe('Most minutes to work, over all starts and resumes; then the session pauses.'),
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
    debug: z
      .strictObject({
        snapshots: z
          .boolean()
          .default(false)
          .describe('Keep pages in which something was not found, for you to look at.'),
      })
      .prefault({})
      .describe('For finding out why something is not collected.'),
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
    remap: z
      .strictObject({
        session: text(),
        seq: z.int().min(0),
        sum: text(),
        files: z.array(text()).min(1),
      })
      .optional()
      .describe('The session whose raw items are mapped again, up to a line of its journal.'),
  })
  .describe('A collection as a session has it.');

/** The whole collection file, as a person writes it. */
export const collectionFileSchema = collectionSchema
  .omit({ remap: true })
  .describe('A collection: what to collect, how, and where to.');

/** A checked collection, defaults filled in. */
export type Collection = z.infer<typeof collectionSchema>;

/** The JSON Schema of the collection file, for the editor's completion and hover (`media/schemas`). */
export function collectionJsonSchema(): object {
  return z.toJSONSchema(collectionFileSchema, { io: 'input', target: 'draft-7' });
}

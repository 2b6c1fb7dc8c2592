import * as z from 'zod';
import { forValues } from './forValues.ts';
import { count, text } from './parts.ts';
import { requestOptions } from './request.ts';

const actorName = z
  .string()
  .regex(/^[\w.-]+(?:[/~][\w.-]+)?$/, 'must be "user/actor", or the id of an actor')
  .describe('The actor: "apidojo/tweet-scraper", or its id.');

const actorInput = z
  .record(z.string(), z.json())
  .describe(
    'The input of the run; texts in it may hold {name} templates and ${secret:NAME}. "{name}" alone keeps the type of its value.',
  );

const runOptions = z.strictObject({
  build: text().optional().describe('Tag or number of the build to run.'),
  memoryMbytes: count().optional().describe('Memory of the run, in megabytes: a power of 2.'),
  timeoutSecs: count().optional().describe('Apify ends the run after this many seconds.'),
  maxItems: count()
    .optional()
    .describe('Most items that are charged; for actors that are paid by the result.'),
});

const maxUsdPerRun = z
  .number()
  .min(0.000001)
  .describe(
    'Most that one run may cost, in US dollars: sent along as maxTotalChargeUsd, and set apart from limits.maxUsd before the run is started. A run that goes over it all the same is aborted.',
  );

const selectText = text();

const followUp = z
  .strictObject({
    actor: actorName.optional().describe('Left out: the same actor.'),
    when: selectText
      .optional()
      .describe(
        'Path in an item, or JSONata after "=": items for which it gives nothing, false, 0 or "" are not followed up.',
      ),
    parent: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/), selectText)
      .describe(
        'What is kept of the item that is followed up: a name, and a path in the item or JSONata after "=". {name} stands for it in "input", and "from": "parent.name" puts it into the record.',
      ),
    input: actorInput,
    run: runOptions.prefault({}),
    maxUsdPerRun,
  })
  .describe(
    'A further run for every item of the first ones: a search, and then the replies to each post. Records are made of what the further runs give. Items that give the same input are followed up once.',
  );

const apifyField = z
  .union([
    z.string(),
    z.strictObject({
      from: text().describe('for.NAME, parent.NAME, url, fetchedAt, run or actor.'),
    }),
  ])
  .describe(
    'A path in the item ("author.userName"), or JSONata after "=" ($parent, $for, $url, $fetchedAt, $run and $actor are there, too). null where there is nothing.',
  );

const timing = z
  .strictObject({
    pollMs: count(3_600_000)
      .default(5000)
      .describe('Milliseconds between two looks at a run that is going on.'),
    settleMs: count(3_600_000)
      .default(10_000)
      .describe(
        'Milliseconds after the end of a run from which on its dataset and its cost are taken for final.',
      ),
    doubtMs: count(3_600_000)
      .default(120_000)
      .describe(
        'For this many milliseconds a run is looked for that may or may not have been started, before it is started again. Longer than request.timeoutMs.',
      ),
  })
  .describe('How long things take at Apify.');

/** The `apify` source's part of a collection: runs of actors, each bought once. */
export const apifySource = z.strictObject({
  type: z.literal('apify'),
  token: z
    .string()
    .regex(/^\$\{secret:[^}]+\}$/, 'must be the name of a secret: ${secret:APIFY_TOKEN}')
    .default('${secret:APIFY_TOKEN}')
    .describe('The API token, as the name of a secret.'),
  actor: actorName,
  for: forValues,
  input: actorInput.default({}),
  run: runOptions.prefault({}),
  maxUsdPerRun,
  followUp: followUp.optional(),
  where: selectText
    .optional()
    .describe(
      'Path in an item, or JSONata after "=": items for which it gives nothing, false, 0 or "" make no record. They stay in the raw file.',
    ),
  fields: z
    .record(text(), apifyField)
    .optional()
    .describe("The record's fields. Left out: the item as it is."),
  maxRunMinutes: z
    .number()
    .positive()
    .default(1440)
    .describe(
      'A run that takes longer is aborted; what it has sold is collected, and its unit is failed.',
    ),
  onStop: z
    .enum(['leave', 'abort'])
    .default('leave')
    .describe(
      'What becomes of runs that are going on when the session stops or pauses. leave: they go on, and Resume picks them up; abort: they are aborted, and Resume resurrects them.',
    ),
  resurrects: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe(
      'How often a run that failed or timed out is resurrected: it goes on with the same dataset and within the same maxUsdPerRun. Else its unit is failed, and what it has sold is kept.',
    ),
  pageSize: count(10_000).default(500).describe('Items read of a dataset at once.'),
  timing: timing.prefault({}),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://api.apify.com')
    .describe('Where the API is.'),
  request: requestOptions.prefault({}),
});

/** The `apify` source's part of a collection. */
export type ApifySourceConfig = z.infer<typeof apifySource>;
/** One field of the `apify` source. */
export type ApifyFieldConfig = z.infer<typeof apifyField>;
/** A further run for every item. */
export type FollowUpConfig = z.infer<typeof followUp>;
/** How a run is started. */
export type ApifyRunOptions = z.infer<typeof runOptions>;

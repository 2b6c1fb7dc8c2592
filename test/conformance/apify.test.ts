import { collectionSchema } from '../../src/core/config.ts';
import type { ApifySourceConfig } from '../../src/core/config/apifySource.ts';
import type { Clock } from '../../src/core/ports.ts';
import { systemClock } from '../../src/core/systemPorts.ts';
import { createApifySource, type ApifyItem } from '../../src/sources/apify/apifySource.ts';
import { apifyToken, ApifyService } from '../fixtures/apifyService.ts';
import {
  pairsOf,
  tweetReplySource,
  tweetScraper,
  tweetsOf,
  type TweetWorld,
} from '../fixtures/tweets.ts';
import { HttpBackend } from './httpBackend.ts';
import type { Subject } from './subject.ts';
import { testSource } from './testSource.ts';

const world: TweetWorld = { tweetsEach: 5, repliesOf: (n) => (n + 3) % 4, authors: 2 };
const queries = ['deep work', 'slow tea'];

function startService(): Promise<HttpBackend> {
  // A run is over when it is read for the first time, so that a unit makes the same calls each time.
  const service = new ApifyService([tweetScraper(world)], { runReads: 1 });
  return HttpBackend.start((request) => service.handle(request));
}

function configOf(source: object): ApifySourceConfig {
  const { source: checked } = collectionSchema.parse({ name: 'test', source });
  if (checked.type !== 'apify') throw new Error('not an Apify source');
  return checked;
}

/**
 * The real clock, by which time only goes on while somebody sleeps: how often a dataset is looked at does not depend on
 * how busy the machine is, so that a unit makes the same calls each time.
 */
function steppedClock(): Clock {
  let sleptMs = 0;
  return {
    now: () => systemClock.now(),
    monotonicMs: () => sleptMs,
    sleep: async (ms, signal) => {
      await systemClock.sleep(ms, signal);
      sleptMs += ms;
    },
  };
}

const pace = {
  pageSize: 2,
  timing: { pollMs: 1, settleMs: 10, doubtMs: 60_000 },
};

const subject: Subject<ApifyItem, HttpBackend> = {
  name: 'apify',
  traits: { paid: true, discovers: false, resumesMidUnit: true },
  start: startService,
  create: (backend, context, { timeoutMs }) =>
    createApifySource(
      configOf({
        type: 'apify',
        actor: 'apidojo/tweet-scraper',
        baseUrl: backend.server.url('').replace(/\/$/, ''),
        for: { query: queries },
        input: { searchTerms: ['{query}'] },
        maxUsdPerRun: 0.1,
        fields: { id: 'id', author: 'author.userName', query: { from: 'for.query' } },
        ...pace,
        request: { timeoutMs },
      }),
      {
        ...context,
        clock: steppedClock(),
        secrets: { get: () => Promise.resolve(apifyToken) },
      },
    ),
  expected: () =>
    queries.flatMap((query) =>
      tweetsOf(query, world).map((tweet, n) => ({
        id: tweet.id,
        author: `author${n % world.authors}`,
        query,
      })),
    ),
  errors: {
    throttled: 'ThrottledError',
    unavailable: 'RetryError',
    missing: 'UnitFailedError',
    silent: 'RetryError',
    cut: 'RetryError',
    refused: 'RetryError',
  },
  hasHealth: true,
};

testSource(subject);

testSource({
  ...subject,
  name: 'apify, a further run for every item',
  traits: { paid: true, discovers: true, resumesMidUnit: true },
  create: (backend, context, { timeoutMs }) =>
    createApifySource(
      configOf({
        ...tweetReplySource(backend.server.url('').replace(/\/$/, ''), queries),
        ...pace,
        request: { timeoutMs },
      }),
      {
        ...context,
        clock: steppedClock(),
        secrets: { get: () => Promise.resolve(apifyToken) },
      },
    ),
  expected: () => pairsOf(queries, world),
});

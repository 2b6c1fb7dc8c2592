import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { UnitSkippedError } from '../../../../src/core/errors.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { NewUnit } from '../../../../src/core/unit.ts';
import { createApifySource, type ApifyItem } from '../../../../src/sources/apify/apifySource.ts';
import type { Source, SourceContext } from '../../../../src/sources/source.ts';
import { claim, makeContext, planAll } from '../../../conformance/drive.ts';
import { ApifyServer } from '../../../fixtures/apifyServer.ts';
import { ApifyService, apifyToken } from '../../../fixtures/apifyService.ts';
import { tweetReplySource, tweetScraper, type TweetWorld } from '../../../fixtures/tweets.ts';
import { MemoryCalls } from '../../../fixtures/unitCalls.ts';
import { apifyConfig, collectUnit, quick } from './apifyBench.ts';

const world: TweetWorld = { tweetsEach: 4, repliesOf: (n) => n, authors: 2 };

async function open(
  t: TestContext,
  changes: object = {},
  context: Partial<SourceContext> = {},
): Promise<{ source: Source<ApifyItem>; server: ApifyServer; service: ApifyService }> {
  const service = new ApifyService([tweetScraper(world)], { runReads: 1 });
  const server = await ApifyServer.start(service);
  t.after(() => server.close());
  const config = apifyConfig({
    ...tweetReplySource(server.baseUrl, ['tea']),
    timing: quick,
    ...changes,
  });
  const secrets = { get: () => Promise.resolve(apifyToken) };
  const source = createApifySource(config, makeContext({ secrets, ...context }));
  t.after(() => source.close());
  return { source, server, service };
}

async function followUps(source: Source<ApifyItem>): Promise<NewUnit[]> {
  const { pages } = await collectUnit(source);
  return pages.flatMap(({ units }) => units ?? []);
}

test('every item that is wanted leads to a unit with what is kept of it, in the group of its search', async (t) => {
  const { source } = await open(t);
  const [search] = await planAll(source);
  const units = await followUps(source);
  // The first tweet has no replies.
  assert.deepEqual(
    units.map(({ key }) => key),
    [1, 2, 3].map((n) => `followUp {"tweet_id":"tea-${n}"}`),
  );
  assert.deepEqual(units[0]?.input, {
    for: { query: 'tea' },
    parent: {
      tweet_id: 'tea-1',
      tweet: 'What tea means, part 1',
      tweet_author: 'author1',
      tweet_likes: 10,
    },
  });
  assert.equal(units[0].group, search?.group);
  assert.equal(units[0].lane, search?.lane);
});

test('items of the first runs make no records; pairs are made of parent and reply', async (t) => {
  const { source } = await open(t);
  const [search] = await planAll(source);
  assert.ok(search !== undefined);
  const first = await collectUnit(source);
  for (const { items } of first.pages)
    for (const item of items)
      assert.equal(await source.makesRecord?.(item, claim(search, 1)), false);
  const unit = (await followUps(source)).at(-1);
  assert.ok(unit !== undefined);
  const { pages } = await collectUnit(source, { unit });
  const records: JsonObject[] = [];
  for (const item of pages.flatMap(({ items }) => items)) {
    assert.equal(await source.makesRecord?.(item, claim(unit, 2)), true);
    records.push(await source.map(item, claim(unit, 2)));
  }
  assert.deepEqual(
    records.map((record) => record['reply_id']),
    ['tea-3-r0', 'tea-3-r1', 'tea-3-r2'],
  );
  assert.deepEqual(records[0], {
    tweet_id: 'tea-3',
    tweet: 'What tea means, part 3',
    tweet_author: 'author1',
    tweet_likes: 30,
    reply_id: 'tea-3-r0',
    reply: 'Reply 0 to tea-3',
    reply_author: 'replier0',
    query: 'tea',
  });
});

test('"where" keeps items that are none out of the records, and in the raw file', async (t) => {
  const { source } = await open(t, {
    followUp: undefined,
    fields: { id: 'id' },
    where: '=likeCount > 10',
  });
  const [unit] = await planAll(source);
  assert.ok(unit !== undefined);
  const { pages } = await collectUnit(source);
  const made: (boolean | undefined)[] = [];
  for (const item of pages.flatMap(({ items }) => items))
    made.push(await source.makesRecord?.(item, claim(unit, 1)));
  assert.deepEqual(made, [false, false, true, true]);
});

test('expressions see the parent and the values of "for"', async (t) => {
  const { source } = await open(t, {
    fields: { pair: '=$parent.tweet_id & " " & $for.query & " " & id & " " & $actor' },
  });
  const unit = (await followUps(source))[0];
  assert.ok(unit !== undefined);
  const { pages } = await collectUnit(source, { unit });
  const item = pages[0]?.items[0];
  assert.ok(item !== undefined);
  assert.deepEqual(await source.map(item, claim(unit, 2)), {
    pair: 'tea-1 tea tea-1-r0 apidojo/tweet-scraper',
  });
});

test('an item without a value that the input needs is not followed up', async (t) => {
  const { source } = await open(t, {
    followUp: {
      parent: { tweet_id: 'nothing' },
      input: { searchTerms: ['conversation_id:{tweet_id}'] },
      maxUsdPerRun: 0.05,
    },
    fields: { id: 'id' },
  });
  assert.deepEqual(await followUps(source), []);
});

test('no run is bought for an author who is full; one that was bought is read', async (t) => {
  const { source, service } = await open(t, {}, { perKeyField: 'tweet_author' });
  const unit = (await followUps(source))[0];
  assert.ok(unit !== undefined);
  const asked: string[] = [];
  const hasRoomFor = (author: string): boolean => {
    asked.push(author);
    return false;
  };
  const { error, calls } = await collectUnit(source, { unit, hasRoomFor });
  assert.ok(error instanceof UnitSkippedError, String(error));
  assert.equal(error.code, 'LIMIT_REACHED');
  assert.deepEqual(asked, ['author1']);
  assert.equal(calls.all.length, 0);
  assert.equal(service.runs.length, 1, 'the search only');

  const bought = await collectUnit(source, { unit, hasRoomFor: () => true });
  const [call] = bought.calls.all;
  assert.ok(call !== undefined);
  const known = [{ ...call, spentMicroUsd: undefined }];
  const later = await collectUnit(source, { unit, hasRoomFor, calls: new MemoryCalls(1, known) });
  assert.equal(later.error, undefined);
  assert.equal(later.values.length, 1);
});

test('an author who is only known from the reply does not keep a run from being bought', async (t) => {
  const { source } = await open(t, {}, { perKeyField: 'reply_author' });
  const unit = (await followUps(source))[0];
  assert.ok(unit !== undefined);
  const { error, values } = await collectUnit(source, { unit, hasRoomFor: () => false });
  assert.equal(error, undefined);
  assert.equal(values.length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectionSchema } from '../../../../src/core/config.ts';
import { checkApifyConfig } from '../../../../src/sources/apify/checkApifyConfig.ts';
import { tweetReplySource } from '../../../fixtures/tweets.ts';
import { apifyConfig } from './apifyBench.ts';

const pairs = tweetReplySource('http://127.0.0.1:1', ['tea']) as Readonly<Record<string, unknown>>;
const followUp = pairs['followUp'] as object;

async function problemsOf(source: object): Promise<string[]> {
  const problems = await checkApifyConfig(apifyConfig(source), undefined);
  return problems.map(({ code, path }) => `${code} ${path}`);
}

test('finds nothing wrong with a collection that is right', async () => {
  assert.deepEqual(await problemsOf(pairs), []);
});

for (const [what, change, expected] of [
  [
    'a template that names nothing',
    { input: { q: '{qery}' } },
    ['TEMPLATE_UNKNOWN source.input.q'],
  ],
  [
    'a template of the parent in the first input',
    { input: { q: '{tweet_id}' } },
    ['TEMPLATE_UNKNOWN source.input.q'],
  ],
  ['a path that is none', { where: 'a..b' }, ['PATH_INVALID source.where']],
  ['an expression that is none', { fields: { a: '=1 +' } }, ['JSONATA_INVALID source.fields.a']],
  [
    'a field from nowhere',
    { fields: { a: { from: 'parent.nobody' } } },
    ['FROM_UNKNOWN source.fields.a.from'],
  ],
  [
    'a name that stands for two things',
    { for: { tweet_id: ['1'] }, input: {}, fields: { a: 'b' } },
    ['NAME_TAKEN source.followUp.parent.tweet_id'],
  ],
  [
    'further runs that are all the same',
    { followUp: { ...followUp, input: { searchTerms: ['x'] } } },
    ['FOLLOW_UP_SAME source.followUp.input'],
  ],
  [
    'a doubt window that is shorter than a request',
    { timing: { doubtMs: 30_000 } },
    ['DOUBT_TOO_SHORT source.timing.doubtMs'],
  ],
] as const) {
  test(`finds ${what}`, async () => {
    assert.deepEqual(await problemsOf({ ...pairs, ...change }), expected);
  });
}

test('suggests the name that was probably meant', async () => {
  const config = apifyConfig({ ...pairs, input: { q: '{qery}' } });
  const [problem] = await checkApifyConfig(config, undefined);
  assert.equal(problem?.suggestion, 'query');
});

for (const [what, change] of [
  ['a token that is written out', { token: 'apify_api_123' }],
  ['no maximum for a run', { maxUsdPerRun: undefined }],
  ['a maximum of nothing', { maxUsdPerRun: 0 }],
  ['an actor by its title', { actor: 'Tweet Scraper' }],
] as const) {
  test(`the schema refuses ${what}`, () => {
    const source = { type: 'apify', actor: 'a/b', maxUsdPerRun: 1, ...change };
    assert.equal(collectionSchema.safeParse({ name: 'test', source }).success, false);
  });
}

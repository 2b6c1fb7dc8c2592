// The quotes site, collected whole in every style that it has: what is collected equals what the server has.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { SourceContext } from '../../src/sources/source.ts';
import {
  type QuotesSiteOptions,
  type QuoteStyle,
  startQuotesSite,
} from '../../src/serve/quotesSite.ts';
import { sampleQuotes, sampleTopics } from '../../src/serve/sampleQuotes.ts';
import { KeptLog, openBrowser } from '../unit/sources/browser/browserBench.ts';
import { claim, pagesOf, planAll, recordText } from './drive.ts';

const count = 45;
const truth = sampleQuotes(count);
const more = { type: 'repeat', interactions: [{ type: 'click', selector: '#more' }] };
const untilNothingNew = { type: 'scroll', until: 'nothingNew' };

interface Collected {
  readonly records: readonly string[];
  /** Pages of the source that brought records: how often something was saved. */
  readonly saved: number;
  readonly log: KeptLog;
}

describe('the quotes site, collected whole', () => {
  async function collect(
    t: TestContext,
    style: QuoteStyle,
    parts: { readonly [name: string]: unknown; readonly interactions?: readonly object[] },
    site: QuotesSiteOptions = {},
    context: Partial<SourceContext> = {},
  ): Promise<Collected> {
    const server = await startQuotesSite({ quotes: count, contentDelayMs: 40, ...site });
    t.after(() => server.close());
    const log = new KeptLog();
    const config = {
      start: [`${server.url}${style}/`],
      items: 'div.quote',
      fields: { text: '.text', author: '.author', tags: { select: '.tag', list: true } },
      ...parts,
    };
    const source = openBrowser(t, config, { logger: log, ...context });
    const units = await planAll(source);
    const records: string[] = [];
    let saved = 0;
    for (const unit of units) {
      const claimed = claim(unit, units.indexOf(unit) + 1);
      for (const page of await pagesOf(source, claimed)) {
        if (page.items.length > 0) saved += 1;
        for (const item of page.items) records.push(recordText(await source.map(item, claimed)));
        units.push(...(page.units ?? []));
      }
    }
    const { interactions = [] } = parts;
    assertLogged(log, interactions.length * units.length);
    return { records, saved, log };
  }

  /** Every interaction has its line (each round of a repeated one has one), between a start and a count. */
  function assertLogged(log: KeptLog, expected: number): void {
    const told = log.interactions.map(
      ({ fields }) => `${String(fields['page'])} ${String(fields['n'])}`,
    );
    assert.equal(new Set(told).size, expected);
    for (const { fields } of log.interactions) {
      for (const name of ['n', 'of', 'kind', 'page', 'ms', 'outcome']) {
        assert.ok(name in fields, `${name} is missing in ${JSON.stringify(fields)}`);
      }
    }
    assert.equal(log.with('Starting ').length, log.with('Interactions complete: ').length);
  }

  function assertWhole({ records }: Collected): void {
    const expected = truth.map(({ text, author, tags }) => recordText({ text, author, tags }));
    assert.deepEqual(records.toSorted(), expected.toSorted());
  }

  test('js: page by page', async (t) => {
    assertWhole(await collect(t, 'js', { follow: ['li.next a'] }));
  });

  test('delayed: when it has come', async (t) => {
    const interactions = [{ type: 'wait', selector: 'div.quote' }];
    const site = { contentDelayMs: 400 };
    assertWhole(await collect(t, 'delayed', { follow: ['li.next a'], interactions }, site));
  });

  test('scroll: saved while it grows, also past an answer that was an error', async (t) => {
    const failsOnce = ({ search }: URL) => search === '?page=3';
    const collected = await collect(
      t,
      'scroll',
      { interactions: [untilNothingNew] },
      { failsOnce },
    );
    assertWhole(collected);
    assert.ok(collected.saved > 1, 'all of it was saved at once');
  });

  test('virtual: also the rows that are gone by then', async (t) => {
    assertWhole(await collect(t, 'virtual', { interactions: [untilNothingNew] }));
  });

  test('more: saved with each click', async (t) => {
    const collected = await collect(t, 'more', { interactions: [more] });
    assertWhole(collected);
    assert.ok(collected.saved > 2, `saved ${collected.saved} times`);
  });

  test('late: an interaction that fails once succeeds when it is tried again', async (t) => {
    const interactions = [
      { type: 'click', selector: '#begin', collect: false },
      // Too late for the first try, in time for the second: by seconds, for machines that have much to do.
      { type: 'click', selector: '#more', timeoutMs: 4_000 },
      more,
    ];
    const collected = await collect(t, 'late', { interactions }, { lateMs: 6_500 });
    assertWhole(collected);
    const tries = collected.log.interactions.map(({ fields }) => [
      fields['attempts'],
      fields['outcome'],
    ]);
    assert.deepEqual(tries.slice(0, 2), [
      [1, 'succeeded'],
      [2, 'succeeded'],
    ]);
    assert.equal(collected.log.with('3 succeeded, 0 failed').length, 1);
  });

  test('tabs: what each shows, although the next takes its place', async (t) => {
    const interactions = sampleTopics.flatMap((topic) => [
      { type: 'click', selector: `[role=tab][data-topic=${topic}]` },
      { type: 'wait', selector: `#quotes[data-shows="${topic}"] .quote` },
    ]);
    assertWhole(await collect(t, 'tabs', { interactions }));
  });

  test('search: what a form finds, by its button and by a key', async (t) => {
    const interactions = sampleTopics.flatMap((topic, i) => [
      { type: 'select', selector: '#topic', value: topic },
      i % 2 === 0
        ? { type: 'click', selector: '#go' }
        : { type: 'press', selector: '#word', value: 'Enter' },
      // Taken although another form is filled in later: the site has more than one search.
      { type: 'wait', selector: `#quotes[data-shows^="${topic}"] .quote`, collect: true },
    ]);
    assertWhole(await collect(t, 'search', { interactions }));
    const one = truth.find(({ topic }) => topic === 'tools');
    const word = one?.text.split(' ').at(-1)?.replace(/\W/g, '') ?? '';
    const found = await collect(t, 'search', {
      interactions: [
        { type: 'select', selector: '#topic', value: 'tools' },
        { type: 'fill', selector: '#word', value: word },
        { type: 'click', selector: '#go' },
        { type: 'wait', selector: '.quote' },
      ],
    });
    const expected = truth.filter(({ topic, text }) => topic === 'tools' && text.includes(word));
    assert.equal(found.records.length, expected.length);
  });

  test('dialogs: past an alert, a consent, a question and a pop-up', async (t) => {
    const interactions = [
      { type: 'click', selector: '#accept' },
      { type: 'wait', selector: '#end' },
    ];
    assertWhole(await collect(t, 'dialogs', { interactions }));
  });

  test('members: after signing in, or with the login of a file', async (t) => {
    const signIn = [
      { type: 'click', selector: '#sign-in' },
      { type: 'wait', selector: '#end' },
    ];
    assertWhole(await collect(t, 'members', { interactions: signIn }));

    const root = await mkdtemp(join(tmpdir(), 'cf-login-'));
    t.after(() => rm(root, { recursive: true, force: true }));
    const cookie = {
      name: 'member',
      value: 'yes',
      domain: '127.0.0.1',
      path: '/',
      expires: -1,
      httpOnly: false,
      secure: false,
      sameSite: 'Lax',
    };
    await writeFile(join(root, 'login.json'), JSON.stringify({ cookies: [cookie], origins: [] }));
    const parts = {
      browser: { storageState: 'login.json' },
      interactions: [{ type: 'wait', selector: '#end' }],
    };
    assertWhole(await collect(t, 'members', parts, {}, { root }));
  });
});

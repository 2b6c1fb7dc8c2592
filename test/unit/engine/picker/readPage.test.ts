import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import {
  ConfigError,
  RetryError,
  UnitBlockedError,
  UnitFailedError,
  UnitSkippedError,
  UsageError,
} from '../../../../src/core/errors.ts';
import { systemClock, systemRandom } from '../../../../src/core/systemPorts.ts';
import type { ReadingPorts } from '../../../../src/engine/picker/pageContext.ts';
import { readPage } from '../../../../src/engine/picker/readPage.ts';
import { html, redirect, send } from '../../../fixtures/answers.ts';
import type { Routes } from '../../../fixtures/faultyServer.ts';
import { startQuotesSite } from '../../../../src/serve/quotesSite.ts';
import { makeWorkspace } from '../../../fixtures/workspace.ts';
import { failure, serve } from '../../sources/http/httpBench.ts';

const noRobots = { '/robots.txt': send(404) };
const ports: ReadingPorts = {
  clock: systemClock,
  random: systemRandom,
  secrets: { get: (name) => Promise.resolve(name === 'TOKEN' ? 'open-sesame-1' : undefined) },
  network: {},
  root: '/w',
};

async function site(t: TestContext, routes: Routes) {
  const server = await serve(t, { ...noRobots, ...routes });
  const read = (source: object, url: string | null = null) =>
    readPage(
      JSON.stringify({ name: 'x', source: { type: 'html', start: [server.url()], ...source } }),
      '/w/x.collect.json',
      url,
      ports,
      AbortSignal.timeout(20_000),
    );
  return { server, read };
}

test('a page is read as a run would, whatever state the fields are in', async (t) => {
  const { server, read } = await site(t, { '/': html('<h1>Hi</h1>') });
  for (const source of [
    { fields: {} },
    { fields: { a: 'p >' } },
    {},
    { items: 5, follow: ['x..'] },
  ]) {
    const { page, bytes } = await read(source);
    assert.equal(page.all('h1').length, 1);
    assert.equal(page.facts.url, server.url());
    assert.equal(bytes, 11);
  }
  assert.equal(server.count('/'), 4, 'one request each');
});

test("the collection's headers are sent, and a secret that comes back is not shown", async (t) => {
  const { server, read } = await site(t, {
    '/': ({ headers }, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<p>${String(headers['x-token'])}</p>`);
    },
  });
  const { page } = await read({
    request: { headers: { 'X-Token': '${secret:TOKEN}' } },
    fields: {},
  });
  assert.equal(
    server.requests.find(({ path }) => path === '/')?.headers['x-token'],
    'open-sesame-1',
  );
  const text = page.all('p')[0]?.children[0];
  assert.equal(text && 'data' in text && text.data, '${secret:TOKEN}');
});

test('redirects are followed, wherever they lead', async (t) => {
  const there = await serve(t, { ...noRobots, '/end': html('<h1>There</h1>') });
  const { read } = await site(t, { '/': redirect('/a'), '/a': redirect(there.url('/end')) });
  const { page } = await read({ fields: {}, scope: { hosts: ['127.0.0.1'] } });
  assert.equal(page.facts.url, there.url('/end'));
});

test('a page that a person names is read in place of the first', async (t) => {
  const { server, read } = await site(t, { '/b': html('<h1>B</h1>') });
  const { page } = await read({ fields: {}, for: { x: ['1'] } }, server.url('/b'));
  assert.equal(page.facts.url, server.url('/b'));
  assert.equal(server.count('/'), 0);
});

test('of a start page with values the first is read', async (t) => {
  const { server, read } = await site(t, { '/y/1': html('<h1>1</h1>') });
  const { page } = await read({ fields: {}, start: [server.url('/y/{n}')], for: { n: [1, 2] } });
  assert.equal(page.facts.url, server.url('/y/1'));
});

test('what keeps a page away is said as a run says it', async (t) => {
  const { server, read } = await site(t, {
    '/gone': send(404),
    '/busy': send(500),
    '/pdf': send(200, '%PDF', { 'content-type': 'application/pdf' }),
    '/staff/x': html('<p>x</p>'),
    '/loop': redirect('/loop2'),
    '/loop2': redirect('/loop'),
    '/robots.txt': send(200, 'User-agent: *\nDisallow: /staff/\n'),
  });
  const at = (path: string) => read({ fields: {} }, server.url(path));
  await failure(at('/gone'), UnitFailedError, 'HTTP_NOT_FOUND');
  await assert.rejects(at('/busy'), RetryError);
  await failure(at('/pdf'), UnitSkippedError, 'NOT_HTML');
  await failure(at('/staff/x'), UnitBlockedError, 'ROBOTS_BLOCKED');
  assert.equal(server.count('/staff/x'), 0);
  await assert.rejects(at('/loop'), UnitFailedError);
  await failure(read({ fields: {} }, 'ftp://x/'), UsageError, 'URL_INVALID');
  await failure(read({ fields: {} }, 'no address'), UsageError, 'URL_INVALID');
  await failure(read({ fields: {}, start: [] }), UsageError, 'PICKER_NO_PAGE');
});

test('only collections of pages have something to pick from', async () => {
  const read = (text: string) =>
    readPage(text, '/w/x.collect.json', null, ports, AbortSignal.timeout(9_000));
  const rest = JSON.stringify({ name: 'x', source: { type: 'rest', url: 'http://127.0.0.1/' } });
  await failure(read(rest), UsageError, 'PICKER_NOT_PAGES');
  await assert.rejects(read('{'), ConfigError);
  await assert.rejects(read('[]'), ConfigError);
  await assert.rejects(
    read(
      JSON.stringify({
        name: 'x',
        source: { type: 'html', fields: {}, request: { timeoutMs: -1 } },
      }),
    ),
    ConfigError,
  );
});

test('a page that takes too long can be given up', async (t) => {
  const controller = new AbortController();
  const server = await serve(t, {
    ...noRobots,
    '/': () => {
      controller.abort(new Error('enough'));
    },
  });
  const source = { type: 'html', start: [server.url()], fields: {} };
  const text = JSON.stringify({ name: 'x', source });
  await assert.rejects(readPage(text, 'x', null, ports, controller.signal), /enough/);
});

test('a page that is made by script is read in the browser, after its interactions; nothing is written', async (t) => {
  const quotes = await startQuotesSite();
  t.after(() => quotes.close());
  const root = await makeWorkspace(t);
  const source = {
    type: 'browser',
    start: [new URL('/more/', quotes.url).href],
    interactions: [
      { type: 'wait', selector: '.quote' },
      { type: 'click', selector: '#more' },
      { type: 'screenshot' },
    ],
    items: '.not-yet',
    fields: {},
  };
  const text = JSON.stringify({ name: 'x', source });
  const signal = AbortSignal.timeout(60_000);
  const { page } = await readPage(text, '/w/x.collect.json', null, { ...ports, root }, signal);
  assert.ok(page.all('.quote').length > 10, 'more than were there at first');
  assert.deepEqual(await readdir(root), []);
});

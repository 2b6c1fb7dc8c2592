/**
 * Plants secrets wherever a collection may use one, against a server that tells them back in bodies, headers, redirects
 * and errors; then reads everything that was written and said. A secret that is found anywhere is a leak.
 */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ApifyServer, scriptedFaults } from '../fixtures/apifyServer.ts';
import { ApifyService } from '../fixtures/apifyService.ts';
import { choose, html, inTurn, json, redirect, send } from '../fixtures/answers.ts';
import { RunningCli, runCli, type CliResult } from '../fixtures/cli.ts';
import { FaultyServer, type Answer } from '../fixtures/faultyServer.ts';
import {
  assertNoSecret,
  assertNoSecretBelow,
  plantedLogin,
  plantedSecrets,
  toldBack,
} from '../fixtures/plantedSecrets.ts';
import { tweetReplySource, tweetScraper } from '../fixtures/tweets.ts';
import { withWorkspace, writeCollection } from '../fixtures/workspace.ts';

const text = (request: Parameters<typeof toldBack>[0]): string => JSON.stringify(toldBack(request));

/** What a page says of the request for it, in markup. */
const page = (more: (told: Record<string, unknown>) => string = () => ''): Answer =>
  choose((request) => {
    const told = toldBack(request);
    const lines = Object.entries(told).map(([name, value]) => {
      const shown = name === 'markup' ? String(value) : escaped(JSON.stringify(value));
      return `<li class="told" data-told="${escaped(JSON.stringify(value))}">${escaped(name)} ${shown}</li>`;
    });
    const script = `<script>var told = ${JSON.stringify(told)};</script>`;
    return html(`<title>Told</title><ul>${lines.join('\n')}</ul>${script}${more(told)}`, {
      'x-told': encodeURIComponent(text(request)).slice(0, 4000),
    });
  });

function escaped(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const env = {
  ...plantedSecrets,
  http_proxy: '',
  https_proxy: '',
  no_proxy: '',
};

interface Said {
  readonly results: CliResult[];
  readonly folder: string;
}

/** It has begun, and has had some time. */
const untilProgress = (cli: RunningCli): Promise<unknown> =>
  cli.untilEvent(({ type }) => type === 'progress');

/** Runs a collection: stopped in the middle, killed, taken up, looked at in every way. */
async function runAll(
  workspace: string,
  collection: { readonly name: string; readonly [key: string]: unknown },
  kill: (cli: RunningCli) => Promise<unknown>,
): Promise<Said> {
  const file = await writeCollection(workspace, collection);
  const results: CliResult[] = [];
  const run = async (...args: string[]): Promise<CliResult> => {
    const result = await runCli([...args, '--workspace', workspace], { env });
    results.push(result);
    return result;
  };
  const first = new RunningCli(['run', file, '--workspace', workspace, '--json'], { env });
  await Promise.race([kill(first), first.done]);
  first.kill('SIGKILL');
  results.push(await first.done);
  await run('sessions');
  await run('run', file, '--resume');
  const { events } = await run('sessions', '--json');
  assert.ok(events.length > 0, results.map(({ stdout, stderr }) => stdout + stderr).join('\n'));
  const session = String(events[0]?.['session']);
  await run('resume', session, '--retry-failed', '--thorough');
  await run('resume', session, '--retry-failed', '--dry-run');
  await run('show', session);
  await run('show', session, '--json');
  const remap = await run('remap', session, '--json');
  assert.equal(remap.code, 0, `${remap.stderr}\n${remap.stdout}`);
  await run('validate', '--json');
  return { results, folder: workspace };
}

async function assertClean({ results, folder }: Said, collectionFile: string): Promise<string[]> {
  for (const [i, { stdout, stderr }] of results.entries()) {
    assertNoSecret(stdout, `standard output of command ${i}`);
    assertNoSecret(stderr, `standard error of command ${i}`);
  }
  const paths = await assertNoSecretBelow(folder, [collectionFile]);
  // The file itself has names only; it is looked at so that the test does not cheat itself.
  assertNoSecret(await readFile(collectionFile, 'utf8'), collectionFile);
  const kinds = [
    '_master_',
    '_raw_',
    'journal.jsonl',
    'collector.ndjson',
    'session.json',
    'checkpoint_',
  ];
  for (const kind of kinds)
    assert.ok(
      paths.some((path) => path.includes(kind)),
      `no ${kind}`,
    );
  return paths;
}

/** A server that is its own proxy. */
async function start(t: TestContext): Promise<FaultyServer> {
  const server = await FaultyServer.start();
  t.after(() => server.close());
  return server;
}

/** Paths that refuse, with this status, and say in their body what they were asked. */
function refuse(server: FaultyServer, statuses: Readonly<Record<string, number>>): void {
  for (const [path, status] of Object.entries(statuses)) {
    server.route(
      path,
      choose((asked) => send(status, text(asked))),
    );
  }
}

const request = {
  headers: { authorization: 'Bearer ${secret:PLANTED_HEADER}', 'x-odd': '${secret:PLANTED_ODD}' },
  cookies: { session: '${secret:PLANTED_COOKIE}' },
  timeoutMs: 5000,
};

test('rest: no secret in anything that is written or said', async (t) => {
  const server = await start(t);
  const told = choose((asked) => {
    const n = Number(asked.query.get('page') ?? '0');
    const items = [0, 1, 2].map((i) => ({
      id: `${asked.path}-${n}-${i}`,
      n: i,
      ...toldBack(asked),
    }));
    const next = n < 3 ? `${asked.path}?${withPage(asked.query, n + 1)}` : undefined;
    return json({ items, next }, { 'x-told': encodeURIComponent(text(asked)).slice(0, 4000) });
  });
  server.route('/told', told);
  refuse(server, { '/gone': 404 });
  server.route(
    '/refused',
    choose((asked) => send(400, `Bad request: ${text(asked)}`)),
  );
  server.route(
    '/failing',
    choose((asked) => send(500, text(asked), { 'x-told': 'x' })),
  );
  server.route(
    '/busy',
    inTurn(
      choose((asked) => send(429, text(asked), { 'retry-after': '0' })),
      told,
    ),
  );
  server.route(
    '/markup',
    choose((asked) => html(`<h1>${escaped(text(asked))}</h1>`)),
  );
  server.route(
    '/cut',
    choose((asked) =>
      send(200, `{"items": ["${text(asked)}`, { 'content-type': 'application/json' }),
    ),
  );
  server.route(
    '/moved',
    choose((asked) => redirect(`/elsewhere?${asked.query.toString()}`)),
  );
  refuse(server, { '/elsewhere': 403 });
  server.route(
    '/nowhere',
    choose((asked) => redirect(`ftp://${encodeURIComponent(asked.query.get('token') ?? '')}/x`)),
  );
  server.route(
    '/elsewhere-host',
    choose((asked) => redirect(`http://127.0.0.1:9/${asked.url}`)),
  );
  server.route(
    '/hanging',
    inTurn(() => undefined, told),
  );
  const proxy = `http://user:\${secret:PLANTED_PROXY}@${server.host}/`;
  await withWorkspace(async (workspace) => {
    const collection = {
      name: 'told',
      source: {
        type: 'rest',
        for: {
          path: [
            'told',
            'gone',
            'refused',
            'failing',
            'busy',
            'markup',
            'cut',
            'moved',
            'nowhere',
            'elsewhere-host',
            'hanging',
          ],
        },
        url: server.url('/{path}'),
        method: 'POST',
        query: { token: '${secret:PLANTED_QUERY}' },
        body: { auth: '${secret:PLANTED_BODY}', deep: ['${secret:PLANTED_ODD}'] },
        paginate: { type: 'next', from: 'next' },
        items: 'items',
        fields: {
          id: 'id',
          n: 'n',
          plain: 'plain',
          url: 'url',
          query: 'query',
          json: 'json',
          markup: 'markup',
          encoded: 'encoded',
          form: 'form',
          base64: 'base64',
          all: '=$',
          from: { from: 'url' },
          odd: '=n = 2 ? $number(plain) : n',
        },
        request: { ...request, proxy },
      },
      record: { key: ['id', 'plain'], schema: { properties: { n: { maximum: 0 } } } },
      output: { raw: true, provenance: true },
      retry: { attempts: 2, baseMs: 1, maxMs: 5 },
      limits: { concurrency: 2 },
      durability: { flushEvery: 1 },
      debug: { snapshots: true },
    };
    const said = await runAll(workspace, collection, () => server.untilRequests(1, '/hanging'));
    const asked = server.requests.find(({ path }) => path === '/told');
    assert.ok(asked, 'asked');
    for (const [name, value] of Object.entries(plantedSecrets)) {
      if (name === 'APIFY_TOKEN') continue;
      const auth = (asked.headers['proxy-authorization'] ?? '').replace('Basic ', '');
      const sent = [
        ...Object.values(toldBack(asked)).map(String),
        Buffer.from(auth, 'base64').toString(),
      ];
      const isSent = sent.some(
        (one) => one.includes(value) || one.includes(JSON.stringify(value).slice(1, -1)),
      );
      assert.ok(isSent, `${value} was sent`);
    }
    const paths = await assertClean(said, join(workspace, 'told.collect.json'));
    const rejected = paths.filter((path) => path.includes('_rejected_'));
    assert.ok(rejected.length > 0, 'some were rejected');
    const master = paths.find((path) => path.includes('_master_')) ?? '';
    const first = JSON.parse((await readFile(master, 'utf8')).split('\n')[0] ?? '') as {
      plain: string;
    };
    assert.match(
      first.plain,
      /Bearer \$\{secret:PLANTED_HEADER\}/,
      'what was taken out has its name there',
    );
    const whole = said.results.map(({ stdout }) => stdout).join('\n');
    assert.match(whole, /failed/);
  });
});

function withPage(query: URLSearchParams, n: number): string {
  const next = new URLSearchParams(query);
  next.set('page', String(n));
  return next.toString();
}

test('html: no secret in anything that is written or said', async (t) => {
  const server = await start(t);
  const links = ['page', 'gone', 'failing', 'moved', 'refused', 'nowhere', 'hanging', 'empty'];
  server.route(
    '/',
    page((told) => {
      const plain = encodeURIComponent(String(told['plain']).slice(0, 500));
      return links.map((path) => `<a href="/${path}?told=${plain}">${path}</a>`).join(' ');
    }),
  );
  server.route('/page', page());
  server.route(
    '/empty',
    choose((asked) => html(`<p>${escaped(text(asked))}</p>`)),
  );
  refuse(server, { '/gone': 404, '/failing': 500, '/refused': 403 });
  server.route(
    '/moved',
    choose((asked) => redirect(`/page?${encodeURIComponent(text(asked)).slice(0, 3000)}`)),
  );
  server.route(
    '/nowhere',
    choose((asked) => redirect(`ftp://${encodeURIComponent(text(asked)).slice(0, 200)}/`)),
  );
  server.route(
    '/hanging',
    inTurn(() => undefined, page()),
  );
  server.route(
    '/robots.txt',
    choose((asked) => send(200, `# ${text(asked)}\nUser-agent: *\nDisallow:`)),
  );
  const proxy = `http://user:\${secret:PLANTED_PROXY}@${server.host}/`;
  await withWorkspace(async (workspace) => {
    const collection = {
      name: 'told',
      source: {
        type: 'html',
        start: [server.url('/')],
        follow: ['a'],
        items: 'li.told',
        fields: {
          text: { regex: '.*' },
          told: { select: 'li', attr: 'data-told' },
          all: { as: 'html' },
          url: { from: 'url' },
        },
        request: { ...request, proxy },
      },
      output: { raw: true, provenance: true },
      retry: { attempts: 2, baseMs: 1, maxMs: 5 },
      limits: { concurrency: 2 },
      durability: { flushEvery: 1 },
      debug: { snapshots: true },
    };
    const said = await runAll(workspace, collection, () => server.untilRequests(1, '/hanging'));
    await assertClean(said, join(workspace, 'told.collect.json'));
  });
});

test('browser: no secret in anything that is written or said', async (t) => {
  const server = await start(t);
  server.route(
    '/',
    page(() => '<a href="/page">page</a> <a href="/gone">gone</a> <a href="/failing">failing</a>'),
  );
  server.route('/page', page());
  refuse(server, { '/gone': 404, '/failing': 500 });
  await withWorkspace(async (workspace) => {
    const cookie = {
      name: 'login',
      value: plantedLogin,
      domain: '127.0.0.1',
      path: '/',
      expires: -1,
      httpOnly: true,
      secure: false,
      sameSite: 'Lax',
    };
    const storageState = join(workspace, 'login.json');
    await writeFile(storageState, JSON.stringify({ cookies: [cookie], origins: [] }));
    const collection = {
      name: 'told',
      source: {
        type: 'browser',
        start: [server.url('/')],
        follow: ['a'],
        interactions: [{ type: 'click', selector: '#missing', timeoutMs: 50 }],
        items: 'li.told',
        fields: { text: { regex: '.*' }, all: { as: 'html' }, none: '.none', url: { from: 'url' } },
        request,
        browser: { storageState: 'login.json' },
      },
      output: { raw: true, provenance: true },
      retry: { attempts: 2, baseMs: 1, maxMs: 5 },
      durability: { flushEvery: 1 },
      debug: { snapshots: true },
    };
    const said = await runAll(workspace, collection, () => server.untilRequests(1, '/page'));
    const asked = server.requests.find(({ path }) => path === '/page');
    assert.match(String(asked?.headers.cookie), new RegExp(plantedLogin), 'the login was sent');
    await rm(storageState);
    await assertClean(said, join(workspace, 'told.collect.json'));
  });
});

test('apify: no secret in anything that is written or said', async (t) => {
  const world = { tweetsEach: 3, repliesOf: () => 2, authors: 3 };
  const service = new ApifyService([tweetScraper(world, { usdPerItem: 0.001 })], {
    runMs: 20,
    costLagMs: 5,
    countLagMs: 5,
  });
  const server = await ApifyServer.start(service, scriptedFaults(/^$/, []));
  t.after(() => server.close());
  await withWorkspace(async (workspace) => {
    const collection = {
      name: 'pairs',
      source: {
        ...tweetReplySource(server.baseUrl, ['deep work', 'slow tea']),
        timing: { pollMs: 10, settleMs: 60, doubtMs: 4000 },
        request: { timeoutMs: 2000 },
      },
      record: { key: ['tweet_id', 'reply_id'] },
      output: { provenance: true },
      limits: { maxUsd: 5, concurrency: 2 },
      retry: { attempts: 1000, baseMs: 2, maxMs: 10 },
    };
    const said = await runAll(workspace, collection, untilProgress);
    const paths = await assertClean(said, join(workspace, 'pairs.collect.json'));
    assert.ok(server.requests.length > 0);
    const [master, remapped] = await mastersOf(paths);
    assert.ok(master !== undefined && master.length > 0, 'records');
    assert.deepEqual(remapped, master, 'mapped again without a call');
  });
});

/** The records of the first master and of the one that was mapped again, sorted. */
async function mastersOf(paths: readonly string[]): Promise<string[][]> {
  const files = ['_master_', '_remapped_'].map(
    (kind) =>
      paths.find(
        (path) => path.includes(kind) && path.endsWith('.jsonl') && path.includes('data'),
      ) ?? '',
  );
  return Promise.all(
    files.map(async (file) =>
      (await readFile(file, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .sort(),
    ),
  );
}

test('module: no secret in anything that is written or said', async (t) => {
  const server = await start(t);
  server.route(
    '/told',
    choose((asked) => json({ told: toldBack(asked) })),
  );
  refuse(server, { '/gone': 404 });
  await withWorkspace(async (workspace) => {
    await writeFile(
      join(workspace, 'source.mjs'),
      `export default {
        async *collect(unit, { options, fetch, log }) {
          log.warn('The token is ' + options.token);
          const asked = await fetch(options.api + unit.for.path, { headers: { authorization: options.token } });
          const { told } = await asked.json();
          if (unit.for.path === '/told?fail') throw new Error('It failed with ' + JSON.stringify(told));
          yield { id: unit.for.path, told, token: options.token };
        },
        map(item) { return item; },
      };`,
    );
    const collection = {
      name: 'told',
      source: {
        type: 'module',
        module: 'source.mjs',
        for: { path: ['/told', '/gone', '/told?fail'] },
        options: { api: server.url('').replace(/\/$/, ''), token: '${secret:PLANTED_ODD}' },
      },
      record: { key: ['id'] },
      output: { raw: true, provenance: true },
      retry: { attempts: 2, baseMs: 1, maxMs: 5 },
    };
    const said = await runAll(workspace, collection, untilProgress);
    const paths = await assertClean(said, join(workspace, 'told.collect.json'));
    const [master, remapped] = await mastersOf(paths);
    assert.equal(master?.length, 1);
    assert.deepEqual(remapped, master, 'mapped again');
  });
});

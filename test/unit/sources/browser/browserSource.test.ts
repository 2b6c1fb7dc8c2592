import assert from 'node:assert/strict';
import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PauseError, RetryError, UnitSkippedError } from '../../../../src/core/errors.ts';
import { version } from '../../../../src/core/version.ts';
import type { HtmlItem } from '../../../../src/sources/html/htmlItem.ts';
import type { Source } from '../../../../src/sources/source.ts';
import { claim, errorOf, pagesOf, planAll } from '../../../conformance/drive.ts';
import { html, send } from '../../../fixtures/answers.ts';
import { FaultyServer } from '../../../fixtures/faultyServer.ts';
import { withWorkspace } from '../../../fixtures/workspace.ts';
import { pageOf, walk } from '../html/htmlBench.ts';
import { KeptLog, openBrowser, visitFirst } from './browserBench.ts';

let server: FaultyServer;
/** Another site: the same machine under another name. */
let other: FaultyServer;
before(async () => {
  server = await FaultyServer.start();
  other = await FaultyServer.start();
});
after(async () => {
  await server.close();
  await other.close();
});

/** The codes or proofs of pages, collected one after the other. */
async function endsOf(source: Source<HtmlItem>, urls: readonly string[]): Promise<string[]> {
  const ends: string[] = [];
  for (const url of urls) {
    try {
      const pages = await pagesOf(source, pageOf(url));
      ends.push(pages.at(-1)?.end?.by ?? 'no end');
    } catch (error) {
      ends.push(error instanceof Error && 'code' in error ? String(error.code) : String(error));
    }
  }
  return ends;
}

test('answers mean what they mean without a browser', async (t) => {
  server.route('/page', html('<title>page</title><a href="/next">on</a>'));
  server.route('/next', html('<title>next</title>'));
  server.route('/moved', send(301, '', { location: '/next' }));
  server.route('/away', send(302, '', { location: other.url('/') }));
  server.route('/round', (request, response) => {
    const known = (request.headers.cookie ?? '').includes('seen=1');
    response.writeHead(known ? 200 : 302, {
      'content-type': 'text/html',
      ...(known ? {} : { location: '/round', 'set-cookie': 'seen=1' }),
    });
    response.end('<title>round</title>');
  });
  server.route('/hop', html(`<script>location.replace('/landed')</script>`));
  server.route('/landed', html('<title>landed</title>'));
  server.route('/text', send(200, 'x', { 'content-type': 'text/plain' }));
  server.route('/bare', send(200, '<title>bare</title><p>x'));
  server.route('/empty', send(204));
  server.route(
    '/file',
    send(200, 'x', {
      'content-type': 'text/html',
      'content-disposition': 'attachment; filename=x',
    }),
  );
  server.route(
    '/large',
    send(200, `<title>${'x'.repeat(5000)}</title>`, { 'content-type': 'text/html' }),
  );
  server.route('/hidden', html('<title>hidden</title>'));
  server.route('/robots.txt', send(200, 'User-agent: cf-collector\nDisallow: /hidden'));
  const source = openBrowser(t, {
    start: [server.url('/page')],
    follow: ['a'],
    request: { maxBodyBytes: 4000 },
  });
  const paths = [
    'page',
    'moved',
    'away',
    'round',
    'hop',
    'text',
    'bare',
    'empty',
    'file',
    'large',
    'hidden',
    'none',
  ];
  assert.deepEqual(
    await endsOf(
      source,
      paths.map((name) => server.url(`/${name}`)),
    ),
    [
      'one page',
      'redirect',
      'REDIRECT_OUT_OF_SCOPE',
      'one page',
      'one page',
      'NOT_HTML',
      'one page',
      'NOT_HTML',
      'NOT_HTML',
      'BODY_TOO_LARGE',
      'ROBOTS_BLOCKED',
      'HTTP_NOT_FOUND',
    ],
  );
  assert.equal(server.count('/next'), 0, 'where a page has moved to is a unit of its own');
  assert.equal(server.count('/landed'), 1, 'where its script leads is the page');
  assert.equal(other.count(), 0, 'nothing was sent to where the collection does not go');
  const whole = await walk(source);
  assert.deepEqual(whole.records, [{ title: 'page' }, { title: 'next' }]);
});

test('a page that leads away stays; downloads, dialogs and pop-ups do not disturb it', async (t) => {
  server.route(
    '/restless',
    html(`<title>restless</title><ul><li>one</li></ul>
      <a id="out" href="${other.url('/out')}">out</a> <a id="file" href="/thing.zip">file</a>
      <a id="window" target="_blank" href="/popup">window</a>
      <script>alert('hello'); document.title = String(confirm('sure?'));</script>`),
  );
  server.route('/thing.zip', send(200, 'zip', { 'content-type': 'application/zip' }));
  // It is known of without its answer.
  server.route('/popup', () => undefined);
  other.route('/out', html('<title>out</title>'));
  const { pages, records, log } = await visitFirst(t, {
    start: [server.url('/restless')],
    follow: ['a.none'],
    items: 'li',
    fields: { name: { as: 'text' } },
    interactions: ['#out', '#file', '#window'].map((selector) => ({ type: 'click', selector })),
  });
  assert.deepEqual(records, [{ name: 'one' }]);
  assert.equal(other.count('/out'), 0);
  assert.deepEqual(
    pages.flatMap((page) => page.units ?? []).map((unit) => unit.key),
    [server.url('/popup')],
    'the page of a pop-up in scope comes later',
  );
  assert.equal(log.with('A dialog was dismissed').length, 2);
  assert.equal(log.with('A pop-up was closed').length, 1);
  assert.deepEqual(
    log.with('it stays').map(({ fields }) => fields['url']),
    [other.url('/out'), server.url('/thing.zip')],
  );
});

test('where an interaction leads to is judged as every page is', async (t) => {
  server.route('/door', html('<title>door</title><a href="/busy">in</a>'));
  server.route('/busy', send(429, 'no', { 'retry-after': '7' }));
  const source = openBrowser(t, {
    start: [server.url('/door')],
    interactions: [{ type: 'click', selector: 'a' }],
  });
  assert.deepEqual(await endsOf(source, [server.url('/door')]), ['HTTP_RATE_LIMITED']);
  assert.equal(server.count('/busy'), 1, 'it is not tried a second time');
});

test('credentials go to the collection’s own hosts only; cookies, User-Agent and login are there', async (t) => {
  const seen: Record<string, string | undefined>[] = [];
  const keep = (which: FaultyServer, name: string): void => {
    which.route(name, (request, response) => {
      const { authorization, cookie } = request.headers;
      seen.push({
        path: name,
        authorization,
        cookie,
        agent: request.headers['user-agent'],
        plain: request.headers['x-plain']?.toString(),
      });
      response.writeHead(200, { 'content-type': 'text/html', 'access-control-allow-origin': '*' });
      response.end(
        `<title>t</title><p id="stored"></p><script>
          stored.textContent = localStorage.getItem('who');
          document.write('<script src="${other.url('/third.js').replace('127.0.0.1', 'localhost')}"><' + '/script>');
        </script>`,
      );
    });
  };
  keep(server, '/login');
  keep(other, '/third.js');
  await withWorkspace(async (root) => {
    const state = {
      cookies: [
        {
          name: 'session',
          value: 'logged-in',
          domain: '127.0.0.1',
          path: '/',
          expires: -1,
          httpOnly: true,
          secure: false,
          sameSite: 'Lax',
        },
      ],
      origins: [{ origin: `http://${server.host}`, localStorage: [{ name: 'who', value: 'me' }] }],
    };
    await writeFile(path.join(root, 'login.json'), JSON.stringify(state));
    const { records } = await visitFirst(
      t,
      {
        start: [server.url('/login')],
        fields: { stored: '#stored' },
        request: {
          headers: { Authorization: 'Bearer ${secret:TOKEN}', 'X-Plain': 'yes' },
          cookies: { own: '${secret:TOKEN}' },
          contact: 'me@example.test',
        },
        browser: { storageState: 'login.json' },
      },
      { root, secrets: { get: () => Promise.resolve('t0ps3cret') } },
    );
    assert.deepEqual(records, [{ stored: 'me' }]);
  });
  const [home, third] = seen;
  assert.equal(home?.['authorization'], 'Bearer t0ps3cret');
  assert.match(home['cookie'] ?? '', /own=t0ps3cret/);
  assert.match(home['cookie'] ?? '', /session=logged-in/);
  assert.equal(home['plain'], 'yes');
  assert.match(
    home['agent'] ?? '',
    new RegExp(`^Mozilla/5.0 .*\\bChrome/\\d.* cf-collector/${version} \\(\\+me@example.test\\)$`),
  );
  assert.equal(third?.['path'], '/third.js');
  assert.equal(third['authorization'], undefined);
  assert.equal(third['cookie'], undefined);
});

test('a login that is not there, and a browser that is not there, pause the session', async (t) => {
  server.route('/plain', html('<title>plain</title>'));
  const codeFor = async (browser: object): Promise<unknown> => {
    const source = openBrowser(t, { start: [server.url('/plain')], browser });
    const error = await errorOf(pagesOf(source, pageOf(server.url('/plain'))));
    assert.ok(error instanceof PauseError, String(error));
    return error.code;
  };
  assert.equal(await codeFor({ storageState: 'none.json' }), 'STORAGE_STATE_MISSING');
  assert.equal(await codeFor({ executable: '/none/chrome' }), 'BROWSER_MISSING');
});

test('what is blocked is not loaded; a context forgets after so many pages', async (t) => {
  server.route('/pic.png', send(200, 'x', { 'content-type': 'image/png' }));
  server.route('/style.css', send(200, 'p { color: red }', { 'content-type': 'text/css' }));
  for (const name of ['/1', '/2', '/3']) {
    server.route(
      name,
      html(`<title>t</title><link rel="stylesheet" href="/style.css"><img src="/pic.png">
        <p></p><script>
          document.querySelector('p').textContent = document.cookie;
          document.cookie = 'visits=' + (Number(document.cookie.slice(7)) + 1);
        </script>`),
    );
  }
  const source = openBrowser(t, {
    start: ['/1', '/2', '/3'].map((name) => server.url(name)),
    fields: { before: 'p' },
    browser: { block: ['image'], contexts: 1, pagesPerContext: 2 },
  });
  const { records } = await walk(source);
  assert.deepEqual(records, [{ before: '' }, { before: 'visits=1' }, { before: '' }]);
  assert.equal(server.count('/pic.png'), 0);
  assert.ok(server.count('/style.css') > 0);
});

test('no host is asked for its favicon, which browsers want by themselves', async (t) => {
  // A server of its own: pop-ups of other tests are tabs that nobody watches.
  const site = await FaultyServer.start();
  t.after(() => site.close());
  site.route('/favicon.ico', send(200, 'x', { 'content-type': 'image/x-icon' }));
  site.route(
    '/iconic',
    html(`<title>t</title><p>icon</p><script>
      const icon = new Image();
      icon.onerror = () => { document.querySelector('p').className = 'refused'; };
      icon.src = '/favicon.ico?' + Math.random();
    </script>`),
  );
  const source = openBrowser(t, {
    start: [site.url('/iconic')],
    fields: { icon: { select: 'p', attr: 'class' } },
    interactions: [{ type: 'wait', selector: 'p.refused' }],
  });
  assert.deepEqual((await walk(source)).records, [{ icon: 'refused' }]);
  assert.equal(site.count('/favicon.ico'), 0);
});

test('every document that is opened is counted, and none is opened past the limit', async (t) => {
  server.route('/robots.txt', send(404));
  server.route(
    '/form',
    html('<title>form</title><form action="/found"><button>go</button></form>'),
  );
  server.route('/found', html('<title>found</title>'));
  let taken = 0;
  let limit = Infinity;
  const requests = {
    take: () => {
      taken += 1;
      return taken > limit
        ? Promise.reject(new PauseError('REQUESTS_USED_UP', 'no more'))
        : Promise.resolve();
    },
  };
  const source = openBrowser(
    t,
    { start: [server.url('/form')], interactions: [{ type: 'click', selector: 'button' }] },
    { requests },
  );
  const [planned] = await planAll(source);
  assert.ok(planned !== undefined);
  const unit = claim(planned, 1);
  const [item] = (await pagesOf(source, unit)).flatMap((page) => page.items);
  assert.ok(item !== undefined);
  assert.deepEqual(await source.map(item, unit), { title: 'found' });
  assert.equal(taken, 3, 'robots.txt, the page, and where its form led');
  const before = server.count('/found');
  limit = 4;
  const error = await errorOf(pagesOf(source, unit));
  assert.ok(error instanceof PauseError, String(error));
  assert.equal(server.count('/found'), before);
});

test('a browser that dies costs the page in flight one try, and is started again', async (t) => {
  server.route('/held', () => undefined);
  server.route('/fine', html('<title>fine</title>'));
  await withWorkspace(async (root) => {
    const scratch = path.join(root, 'scratch');
    const log = new KeptLog();
    const source = openBrowser(t, { start: [server.url('/held')] }, { scratch, logger: log });
    const lost = errorOf(pagesOf(source, pageOf(server.url('/held'))));
    await server.untilRequests(1, '/held');
    const trace = JSON.parse(await readFile(path.join(scratch, 'browser.json'), 'utf8')) as {
      pid: number;
      profile: string;
    };
    process.kill(trace.pid, 'SIGKILL');
    const error = await lost;
    assert.ok(error instanceof RetryError, String(error));
    assert.match(error.code, /^(BROWSER_CRASHED|PAGE_LOST)$/);
    assert.deepEqual(await endsOf(source, [server.url('/fine')]), ['one page']);
    assert.equal(log.with('The browser ended').length, 1);
    assert.deepEqual(
      source.health().map(({ failures }) => failures),
      [0],
      'the host has done nothing wrong',
    );
    await source.close();
    await assert.rejects(access(trace.profile), 'its folder is gone');
  });
});

test('a page that hangs the browser ends at its time limit, and the next one is well', async (t) => {
  server.route(
    '/loop',
    html('<title>loop</title><script>setTimeout(() => { for (;;); }, 50)</script>'),
  );
  server.route('/fine', html('<title>fine</title>'));
  const source = openBrowser(t, {
    start: [server.url('/loop')],
    request: { timeoutMs: 5000 },
    browser: { contexts: 1 },
    interactions: [{ type: 'wait', durationMs: 200 }],
  });
  const error = await errorOf(pagesOf(source, pageOf(server.url('/loop'))));
  assert.ok(error instanceof RetryError, String(error));
  assert.equal(error.code, 'PAGE_UNRESPONSIVE');
  assert.deepEqual(await endsOf(source, [server.url('/fine')]), ['one page']);
});

test('selectors that match nothing are told once for each page, with the page', async (t) => {
  const kept: { name: string; content: string }[] = [];
  const saveSnapshot = (name: string, extension: string, content: string | Uint8Array) => {
    kept.push({ name: `${name}${extension}`, content: String(content) });
    return Promise.resolve(`snapshots/${kept.length}.html`);
  };
  server.route('/misses', html('<title>t</title><ul><li><b>x</b></li><li></li></ul>'));
  const url = server.url('/misses');
  const { log } = await visitFirst(
    t,
    {
      start: [url],
      items: 'li',
      fields: { name: 'b', price: 'i.price' },
      interactions: [{ type: 'key', value: 'End' }],
    },
    { saveSnapshot },
  );
  const told = log.lines.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    told.map(({ fields }) => fields),
    [{ page: url, selector: 'i.price', place: 'fields.price', snapshot: 'snapshots/1.html' }],
  );
  assert.match(told[0]?.message ?? '', /^fields\.price "i\.price" matches nothing on http/);
  assert.equal(kept.length, 1);
  assert.match(kept[0]?.content ?? '', /<li><b>x<\/b><\/li>/);

  const none = await visitFirst(t, { start: [url], items: 'article', fields: { name: 'b' } });
  assert.deepEqual(
    none.log.lines.map(({ message }) => message),
    [`items "article" matches nothing on ${url}`],
  );
});

test('a page out of reach says so as everywhere', async (t) => {
  const source = openBrowser(t, {
    start: ['http://127.0.0.1:9/'],
    robots: 'ignore',
    scope: { hosts: ['*'] },
  });
  const error = await errorOf(pagesOf(source, pageOf('http://127.0.0.1:9/')));
  assert.ok(error instanceof RetryError && !(error instanceof UnitSkippedError), String(error));
  assert.equal(error.code, 'CONNECTION_FAILED');
});

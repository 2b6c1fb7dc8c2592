import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { ImportReport } from '../../../../src/core/importReport.ts';
import { loadCollection } from '../../../../src/engine/loadCollection.ts';
import { cssOfXpath } from '../../../../src/engine/import/xpath.ts';
import { html } from '../../../fixtures/answers.ts';
import {
  filesIn,
  gliderConfig,
  importInto,
  makeGliderRun,
  resumeToEnd,
  sessionsIn,
} from '../../../fixtures/earlierData.ts';
import { FaultyServer } from '../../../fixtures/faultyServer.ts';
import { readTree } from '../../../fixtures/fileTree.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';
import { readMasters } from '../../../fixtures/workspace.ts';

/** Imports a configuration with some parts of its own; gives what the file says and what was left out. */
async function convert(
  folder: string,
  parts: Record<string, unknown>,
): Promise<{ content: Record<string, unknown>; left: string; report: ImportReport }> {
  const workspace = join(folder, `w${Math.random()}`);
  await mkdir(workspace);
  const path = join(folder, 'books.json');
  await writeFile(path, JSON.stringify(gliderConfig(parts), null, 2));
  const report = await importInto(workspace, path);
  const text = await readFile(report.files[0] ?? '', 'utf8');
  await loadCollection(report.files[0] ?? '');
  const content = JSON.parse(text.replace(/^\/\/.*\n/gm, '')) as Record<string, unknown>;
  const left = report.notCarriedOver.map(({ what, why }) => `${what}: ${why}`).join('\n');
  return { content, left, report };
}

describe('a configuration', () => {
  test('becomes a collection file that does the same', async (t) => {
    const { content, left } = await convert(await makeScratchFolder(t), {});
    assert.equal(left, '');
    assert.deepEqual(content, {
      name: 'Books_To_Scrape',
      source: {
        type: 'html',
        start: ['https://books.toscrape.com/catalogue/page-1.html'],
        follow: ['li.next a'],
        scope: { maxDepth: 49 },
        items: 'article.product_pod',
        fields: {
          title: { select: 'h3 a', attr: 'title' },
          price: { select: 'p.price_color', as: 'number' },
          rating: { select: 'p[class*="star-rating"]', attr: 'class' },
          tags: { select: '.tag', list: true },
        },
        robots: 'obey',
      },
      limits: { concurrency: 5, perHost: { concurrency: 5, ratePerSecond: 0.5 } },
    });
  });

  test('says where it came from, and is not overwritten', async (t) => {
    const folder = await makeScratchFolder(t);
    const path = join(folder, 'books.json');
    await writeFile(path, JSON.stringify(gliderConfig()));
    const { files } = await importInto(folder, path, { name: 'mine' });
    assert.deepEqual(files, [join(folder, 'mine.collect.json')]);
    const text = await readFile(files[0] ?? '', 'utf8');
    assert.match(
      text,
      /^\/\/ Made by cf-collect import from books\.json of glider\.\n\{\n {2}"name": "mine"/,
    );
    // The same again is no harm; one that somebody has worked on stays.
    await importInto(folder, path, { name: 'mine' });
    await writeFile(files[0] ?? '', `${text} `);
    await assert.rejects(importInto(folder, path, { name: 'mine' }), { code: 'COLLECTION_EXISTS' });
    assert.equal(await readFile(files[0] ?? '', 'utf8'), `${text} `);
  });

  test('in list mode begins with its URLs and follows nothing', async (t) => {
    const { content } = await convert(await makeScratchFolder(t), {
      mode: 'list',
      start_urls: ['https://a.example/1', 'https://a.example/2'],
      pagination: null,
      respect_robots_txt: false,
    });
    const source = content['source'] as Record<string, unknown>;
    assert.deepEqual(source['start'], ['https://a.example/1', 'https://a.example/2']);
    assert.deepEqual(
      [source['follow'], source['scope'], source['robots']],
      [undefined, { maxDepth: 0 }, 'ignore'],
    );
    assert.deepEqual(content['limits'], {
      concurrency: 5,
      perHost: { concurrency: 5, ratePerSecond: 10 },
    });
  });

  test('lists what has no like here, each thing with a reason', async (t) => {
    const { left, content } = await convert(await makeScratchFolder(t), {
      wait_for_selector: 'div.x',
      interactions: [{ type: 'scroll' }, { type: 'hover', selector: 'a' }],
      proxies: ['http://10.0.0.1:8080', 'socks5://user:secret@10.0.0.2:9'],
      surprise: 1,
      authentication: { type: 'bearer', client_secret: 'abc-secret' },
      fields: [
        ...(gliderConfig()['fields'] as unknown[]),
        { name: 'heading', selectors: [{ type: 'css', value: 'h1' }] },
      ],
    });
    for (const what of [
      'wait_for_selector',
      String.raw`interactions\[0\] \(scroll\)`,
      String.raw`interactions\[1\] \(hover\)`,
      'proxies: 10.0.0.2:9',
      'surprise',
      'fields.heading',
      'authentication.client_secret',
    ])
      assert.match(left, new RegExp(`^books\\.json: ${what}: .+`, 'm'));
    const text = JSON.stringify(content);
    assert.ok(!/secret@|abc-secret/.test(text + left), 'no password goes anywhere');
    assert.match(text, /"proxy":"http:\/\/10\.0\.0\.1:8080"/);
    assert.match(text, /Bearer \$\{secret:GLIDER_TOKEN\}/);
  });

  test('what glider did in a browser becomes a browser source', async (t) => {
    const { left, content } = await convert(await makeScratchFolder(t), {
      use_playwright: true,
      wait_for_selector: 'div.x',
      interaction_failure_policy: 'fail',
      browser: { headless: false, viewport: { width: 800, height: 600 }, stealth: true },
      interactions: [
        { type: 'click', selector: '#accept' },
        { type: 'fill', selector: '#user', value: '${WORD}' },
        { type: 'press', selector: '#user', value: 'Enter' },
        { type: 'wait', duration: 250 },
        { type: 'wait' },
        { type: 'scroll', duration: 5 },
        { type: 'hover', selector: 'a' },
        { type: 'key', value: 'Escape' },
        { type: 'click' },
        { type: 'dance', selector: 'a' },
      ],
    });
    const { type, interactions, onInteractionFailure, browser } = content['source'] as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      { type, interactions, onInteractionFailure, browser },
      {
        type: 'browser',
        interactions: [
          { type: 'wait', selector: 'div.x' },
          { type: 'click', selector: '#accept' },
          { type: 'fill', selector: '#user', value: '${secret:WORD}' },
          { type: 'press', selector: '#user', value: 'Enter' },
          { type: 'wait', durationMs: 250 },
          { type: 'wait', durationMs: 1000 },
          { type: 'scroll' },
          { type: 'hover', selector: 'a' },
          { type: 'key', value: 'Escape' },
        ],
        onInteractionFailure: 'fail',
        browser: { headless: false, viewport: { width: 800, height: 600 } },
      },
    );
    for (const what of [
      String.raw`interactions\[8\] \(click\)`,
      String.raw`interactions\[9\] \(dance\)`,
      String.raw`browser\.stealth`,
    ])
      assert.match(left, new RegExp(`^books\\.json: ${what}: .+`, 'm'));
  });

  test('transformers: numbers, a regular expression; the others are listed', async (t) => {
    const css = [{ type: 'css', value: '.x' }];
    const field = (name: string, ...transformers: unknown[]) => ({
      name,
      selectors: css,
      transformers,
    });
    const { content, left } = await convert(await makeScratchFolder(t), {
      fields: [
        field('count', 'strip', 'to_int'),
        field('year', { name: 'regex', args: ['(?P<y>\\d{4})'] }, 'to_int'),
        field('size', { name: 'replace', args: ['k', '000'] }),
        field('late', 'to_int', { name: 'regex', args: ['1'] }),
        field('python', { name: 'regex', args: ['(?i:a)(?>b)'] }),
        { name: 'raw', selectors: [{ type: 'regex', value: 'SKU-(\\w+)' }] },
        { name: 'none', selectors: [{ type: 'xpath', value: '//a[last()]' }] },
        { name: 'bad', selectors: [{ type: 'css', value: 'a[' }] },
        {
          name: 'box',
          selectors: css,
          children: [{ name: 'in', selectors: [{ type: 'css', value: 'b' }] }],
        },
      ],
    });
    const { fields } = content['source'] as { fields: unknown };
    assert.deepEqual(fields, {
      count: { select: '.x', as: 'integer' },
      year: { select: '.x', regex: '(?<y>\\d{4})', as: 'integer' },
      size: '.x',
      late: { select: '.x', as: 'integer' },
      python: '.x',
      raw: { as: 'html', regex: 'SKU-(\\w+)' },
      box_in: '.x b',
    });
    for (const what of ['size', 'late', 'python', 'none', 'bad', 'box'])
      assert.match(left, new RegExp(what));
  });

  test('for JSON becomes a rest source', async (t) => {
    const path = (value: string) => [{ type: 'json', value }];
    const { content } = await convert(await makeScratchFolder(t), {
      response_type: 'json',
      base_url: 'https://api.example/r/python/hot',
      headers: { Authorization: 'Bearer ${TOKEN}' },
      pagination: {
        selector: { type: 'json', value: 'data.after' },
        max_pages: 10,
        query_param: 'after',
      },
      fields: [
        {
          name: 'posts',
          is_list: true,
          selectors: path('data.children[*].data'),
          children: [{ name: 'title', selectors: path('title') }],
        },
      ],
    });
    assert.deepEqual(content['source'], {
      type: 'rest',
      url: 'https://api.example/r/python/hot',
      paginate: { type: 'cursor', param: 'after', from: 'data.after' },
      items: '=data.children.data',
      fields: { title: 'title' },
      request: { headers: { Authorization: 'Bearer ${secret:TOKEN}' } },
    });
  });

  test('that says nothing to collect from, or none of whose fields can be kept, is refused', async (t) => {
    const folder = await makeScratchFolder(t);
    await assert.rejects(convert(folder, { base_url: null }), { code: 'GLIDER_CONFIG_INCOMPLETE' });
    const fields = [{ name: 'none', selectors: [{ type: 'xpath', value: '//a[last()]' }] }];
    await assert.rejects(convert(folder, { fields }), { code: 'GLIDER_CONFIG_UNUSABLE' });
  });
});

test('XPaths that CSS has words for', () => {
  const cases: readonly (readonly [string, string | undefined, string?])[] = [
    ['//h1', 'h1'],
    [".//div[@class='a b']//span/text()", 'div[class="a b"] span'],
    ['//ul/li[2]/a/@href', 'ul > li:nth-of-type(2) > a', 'href'],
    ["//*[@id='x' and contains(@class, 'y')]", '[id="x"][class*="y"]'],
    ["//a[starts-with(@href, '/b')]", 'a[href^="/b"]'],
    ['//meta[@content]', 'meta[content]'],
    ['//a[last()]', undefined],
    ['//b/following-sibling::i', undefined],
    ["//div[not(@class='x')]", undefined],
    ['count(//a)', undefined],
    ['', undefined],
  ];
  for (const [xpath, css, attr] of cases) {
    assert.deepEqual(cssOfXpath(xpath), css === undefined ? undefined : { css, attr }, xpath);
  }
});

describe('a run', () => {
  const books = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      title: `Book ${from + i} with ü`,
      price: from + i,
    }));

  async function makeProject(folder: string, server: FaultyServer): Promise<string> {
    const urls = [0, 1, 2, 3].map((n) => server.url(`/p${n}.html`));
    await mkdir(join(folder, 'configs'));
    const config = {
      name: 'book list',
      mode: 'list',
      start_urls: urls,
      pagination: null,
      rate_limit: 1000,
    };
    await writeFile(join(folder, 'configs/list.json'), JSON.stringify(gliderConfig(config)));
    await writeFile(join(folder, 'configs/other.json'), JSON.stringify(gliderConfig()));
    const [a = '', b = '', c = ''] = urls;
    return makeGliderRun(
      join(folder, 'data'),
      'book_list',
      { [a]: 'done', [b]: 'done', [c]: 'in_progress' },
      [
        { items: [{ books: books(0, 7) }, { books: books(7, 3) }] },
        { items: [{ books: books(10, 10) }] },
      ],
    );
  }

  test('goes on: pages that were done are not fetched, one that was begun is', async (t) => {
    const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
    const page = (n: number) =>
      html(`<article class="product_pod"><h3><a title="New ${n}"></a></h3></article>`);
    const server = await FaultyServer.start({
      '/robots.txt': html(''),
      '/p2.html': page(2),
      '/p3.html': page(3),
    });
    t.after(() => server.close());
    const data = await makeProject(old, server);
    const before = await readTree(data);
    const report = await importInto(workspace, data);
    assert.deepEqual(await readTree(data), before, 'nothing was written beside the database');
    const [session] = report.sessions;
    assert.deepEqual([session?.name, session?.records, session?.unitsToDo], ['book_list', 20, 2]);
    assert.match(JSON.stringify(report.notCarriedOver), /temp_stream\.jsonl:3.*torn/);
    assert.match(report.warnings.join(), /removed temp_stream\.jsonl at each start/);
    const titles = (await readMasters(join(workspace, 'data/raw'))).map((r) => r['title']);
    assert.deepEqual(
      titles,
      books(0, 20).map(({ title }) => title),
    );
    await assert.rejects(importInto(workspace, old), { code: 'ALREADY_IMPORTED' });
    await resumeToEnd(workspace, session?.session ?? '');
    assert.deepEqual(
      server.requests
        .map(({ path }) => path)
        .filter((p) => p !== '/robots.txt')
        .sort(),
      ['/p2.html', '/p3.html'],
    );
    const [found] = await sessionsIn(workspace);
    assert.deepEqual([found?.view.records, found?.view.state], [22, 'completed']);
  });

  test('without its configuration near asks for the collection', async (t) => {
    const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
    const data = await makeGliderRun(join(old, 'x/y'), 'a', { 'http://a.example/': 'done' }, []);
    await assert.rejects(importInto(workspace, data), { code: 'COLLECTION_NEEDED' });
    assert.deepEqual(await filesIn(workspace), []);
  });

  test('whose last pages are in the write-ahead log of its database: read, and left where they are', async (t) => {
    const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
    const live = await makeGliderRun(join(old, 'live'), 'book_list', {}, []);
    const database = new DatabaseSync(join(live, 'checkpoints.db'));
    t.after(() => {
      database.close();
    });
    database.exec('PRAGMA journal_mode = WAL');
    database
      .prepare('INSERT INTO scrape_book_list (url_hash, url, status) VALUES (?, ?, ?)')
      .run('a', 'http://a.example/1', 'done');
    // What a killed process leaves.
    const data = join(old, 'data');
    await cp(live, data, { recursive: true, filter: (path) => !path.endsWith('-shm') });
    const before = await readTree(data);
    assert.ok((before.get('checkpoints.db-wal')?.length ?? 0) > 0);
    const config = {
      name: 'book list',
      mode: 'list',
      start_urls: ['http://a.example/1', 'http://a.example/2'],
    };
    await writeFile(join(data, 'config.json'), JSON.stringify(gliderConfig(config)));
    const report = await importInto(workspace, data);
    assert.deepEqual([report.sessions[0]?.unitsDone, report.sessions[0]?.unitsToDo], [2, 1]);
    await rm(join(data, 'config.json'));
    assert.deepEqual(await readTree(data), before);
  });

  test('with a database that is none says so', async (t) => {
    const [old, workspace] = [await makeScratchFolder(t), await makeScratchFolder(t)];
    await writeFile(join(old, 'checkpoints.db'), 'SQLite format 3\0 and nothing else');
    await assert.rejects(importInto(workspace, old), { code: 'DATABASE_UNREADABLE' });
  });
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../fixtures/cli.ts';
import { ServerProcess } from '../fixtures/served/serve.ts';
import { makeWorkspace, readMasters, writeCollection } from '../fixtures/workspace.ts';
import { walkLinks } from './linkWalk.ts';

/** Where Debian's package `python3-doc` has its pages. */
const folder = '/usr/share/doc/python3-doc/html';

const skip = existsSync(join(folder, 'index.html'))
  ? false
  : `${folder} is not there: apt-get install python3-doc`;

test(
  "Python's documentation is collected whole: the pages are those of a walk by links",
  {
    skip,
  },
  async (t) => {
    const walk = walkLinks(folder, '/index.html');
    assert.ok(walk.pages.size > 400, `a walk over ${walk.pages.size} pages shows nothing`);

    const server = await ServerProcess.start({ kind: 'static', folder });
    t.after(() => server.close());
    const workspace = await makeWorkspace(t);
    const file = await writeCollection(workspace, {
      name: 'python',
      source: {
        type: 'html',
        start: [server.url('/index.html')],
        follow: ['a[href]'],
        scope: { hosts: [server.host], include: ['^[^?]*\\.html$'] },
        fields: {
          title: 'title',
          headings: { select: 'h1', list: true },
          url: { from: 'url' },
        },
      },
      record: { key: ['url'], schema: { type: 'object', required: ['title', 'url'] } },
      limits: { concurrency: 16, perHost: { concurrency: 16 } },
    });

    const { code, summary, stderr } = await runCli([
      'run',
      file,
      '--workspace',
      workspace,
      '--json',
    ]);
    assert.ok(summary !== undefined, stderr);
    const records = await readMasters(join(workspace, 'data/raw'));
    const pathOf = (url: unknown) => new URL(String(url)).pathname;

    await t.test('each page once, with its title', () => {
      const paths = records.map((record) => pathOf(record['url']));
      assert.deepEqual(paths.toSorted(), [...walk.pages].toSorted());
      for (const record of records) {
        const title = String(record['title']).replace(/\s+/g, ' ').trim();
        assert.equal(title, walk.titles.get(pathOf(record['url'])), String(record['url']));
        assert.ok(Array.isArray(record['headings']));
      }
    });

    await t.test(
      'links to pages that are not there are failed units, and nothing else fails',
      () => {
        assert.equal(summary.units.failed, walk.missing.size);
        assert.equal(summary.units.done, walk.pages.size);
        assert.equal(summary.units.pending, 0);
        assert.equal(summary.units.blocked, 0);
        assert.equal(summary.state, 'completed');
        assert.equal(code, walk.missing.size === 0 ? 0 : 3, stderr);
      },
    );

    await t.test('the summary is a recount of the files', () => {
      assert.equal(summary.records, records.length);
      assert.equal(summary.rejected, 0);
      assert.equal(summary.masters.length, 1);
    });

    await t.test('no page was asked for twice', async () => {
      for (const [path, count] of await server.counts()) {
        assert.equal(count, 1, `${path} was asked for ${count} times`);
      }
    });
  },
);

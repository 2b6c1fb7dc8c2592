import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../fixtures/cli.ts';
import { makeWorkspace, readMasters, writeCollection } from '../fixtures/workspace.ts';
import { JsonServer } from './jsonServer.ts';

const years = [2022, 2023, 2024];
const perPage = 25;

/** 1,111 papers of three years, in no order of years. */
const papers = Array.from({ length: 1_111 }, (_, i) => ({
  id: i + 1,
  year: years[(i * 7) % 3],
  title: `Paper ${i + 1} “über” \u2028 lines & <tags>`,
  authors: [{ name: `A. ${i % 13}` }, { name: 'B. “Quote”' }],
}));

test('json-server is paged through by its Link header', async (t) => {
  const server = await JsonServer.start({ papers });
  t.after(() => server.close());
  const workspace = await makeWorkspace(t);
  const file = await writeCollection(workspace, {
    name: 'papers',
    source: {
      type: 'rest',
      for: { year: years },
      url: `${server.origin}/papers?year={year}&_page=1&_limit=${perPage}&_sort=id`,
      paginate: { type: 'link' },
      total: 'header:X-Total-Count',
      fields: { id: 'id', year: 'year', title: 'title', first: 'authors[0].name' },
    },
    record: { key: ['id'] },
  });

  const { code, summary, stderr } = await runCli(['run', file, '--workspace', workspace, '--json']);
  assert.equal(code, 0, stderr);
  assert.ok(summary !== undefined);
  assert.equal(summary.state, 'completed');
  assert.deepEqual(summary.units, {
    done: years.length,
    failed: 0,
    skipped: 0,
    blocked: 0,
    pending: 0,
  });

  const records = await readMasters(join(workspace, 'data/raw'));
  assert.equal(summary.records, records.length);
  assert.deepEqual(
    records.toSorted((a, b) => Number(a['id']) - Number(b['id'])),
    papers.map(({ id, year, title, authors }) => ({ id, year, title, first: authors[0]?.name })),
  );

  const requests = await server.requests();
  const pages = years.map((year) =>
    Math.ceil(papers.filter((paper) => paper.year === year).length / perPage),
  );
  assert.equal(
    requests.length,
    pages.reduce((sum, count) => sum + count, 0),
  );
  assert.equal(new Set(requests).size, requests.length, 'a page was asked for twice');
});

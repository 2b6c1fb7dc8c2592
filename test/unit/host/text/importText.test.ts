import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImportReport } from '../../../../src/core/importReport.ts';
import { formatsFor } from '../../../../src/core/format.ts';
import { importMarkdown } from '../../../../src/host/text/importText.ts';

const report: ImportReport = {
  kind: 'glider-config',
  from: '/old/shop.json',
  sessions: [],
  files: ['/space/shop.collect.json'],
  carriedOver: ['4 fields', '2 start addresses'],
  notCarriedOver: [{ what: 'interactions[2] (hover)', why: 'the html source does not click' }],
  warnings: [],
};
const render = (changes: Partial<ImportReport> = {}) =>
  importMarkdown({ ...report, ...changes }, formatsFor('en-US'));

test('what was carried over stands beside what was not, with its reason', () => {
  const page = render();
  assert.match(page, /\| Found \| A configuration of glider \|/);
  assert.match(page, /## Carried over\n\n- 4 fields\n- 2 start addresses/);
  assert.match(page, /interactions\\\[2\\\] \\\(hover\\\) \| the html source does not click \|/);
  assert.match(page, /- \/space\/shop\\\.collect\\\.json/);
  assert.doesNotMatch(page, /Worth knowing|Sessions that were made/);
});

test('nothing left behind is said, not left out', () => {
  assert.match(render({ notCarriedOver: [] }), /Everything was carried over/);
});

test('sessions come with their counts', () => {
  const sessions = [
    { session: 's_1', name: 'iclr', records: 1234, unitsDone: 2, unitsToDo: 3 },
  ] as const;
  assert.match(render({ sessions }), /\| iclr \| s\\_1 \| 1,234 \| 2 \| 3 \|/);
});

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dashboardStrings } from '../../../../src/host/dashboard/dashboardStrings.ts';
import { overviewStrings } from '../../../../src/host/dashboard/overviewStrings.ts';

const webview = path.resolve(import.meta.dirname, '../../../../webview');

test('no word of a page is empty, and each figure has a name of its own', () => {
  for (const strings of [dashboardStrings(), overviewStrings()]) {
    for (const [key, text] of Object.entries(strings)) assert.notEqual(text.trim(), '', key);
  }
  const names = Object.entries(dashboardStrings()).filter(([key]) => key.startsWith('figure.'));
  assert.equal(names.length, 14);
  assert.equal(new Set(names.map(([, text]) => text)).size, 14);
});

test('a page uses every plain word that the host translates for it', () => {
  // Words whose key is put together (`state.${…}`) are covered by their type.
  const composed =
    /^(state|figure|figureHint|unit|health|button|buttonLabel|column|advice|limit|stage|stageHint|mark)\.|^chart\.(now|whole)$/;
  for (const [page, strings] of [
    ['dashboard', dashboardStrings()],
    ['overview', overviewStrings()],
  ] as const) {
    const source = globSync(`${webview}/${page}/*.ts`)
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const unused = Object.keys(strings).filter(
      (key) => !composed.test(key) && !source.includes(`'${key}'`),
    );
    assert.deepEqual(unused, [], page);
  }
});

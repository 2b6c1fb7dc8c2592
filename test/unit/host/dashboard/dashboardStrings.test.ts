import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { dashboardStrings } from '../../../../src/host/dashboard/dashboardStrings.ts';

const webview = path.resolve(import.meta.dirname, '../../../../webview/dashboard');

test('no word of the dashboard is empty, and each label is its own', () => {
  const strings = dashboardStrings();
  for (const [key, text] of Object.entries(strings)) assert.notEqual(text.trim(), '', key);
  const labels = Object.entries(strings).filter(([key]) => key.startsWith('figure.'));
  assert.equal(labels.length, 10);
  assert.equal(new Set(labels.map(([, text]) => text)).size, 10);
});

test('the page uses every plain word that the host translates for it', () => {
  const source = readdirSync(webview)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(webview, name), 'utf8'))
    .join('\n');
  // Words whose key is put together (`state.${…}`) are covered by their type.
  const composed = /^(state|figure|figureHint|unit|health|circuit|button|advice|limit)\./;
  const unused = Object.keys(dashboardStrings()).filter(
    (key) => !composed.test(key) && !source.includes(`'${key}'`),
  );
  assert.deepEqual(unused, []);
});

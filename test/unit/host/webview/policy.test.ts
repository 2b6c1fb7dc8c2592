import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../../../..');

/** Where a pattern stands in the sources: `src/host/a.ts:3`. */
function placesOf(pattern: RegExp, ...globs: readonly string[]): string[] {
  const files = globs.flatMap((glob) => globSync(glob, { cwd: root }));
  assert.ok(files.length > 5, 'there are sources');
  return files.flatMap((file) =>
    readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}`] : [])),
  );
}

test('the policy of pages allows nothing unsafe, nobody else’s scripts, and is written once', () => {
  assert.deepEqual(placesOf(/'unsafe-|wasm-unsafe/, 'src/host/**/*.ts', 'webview/**/*.ts'), []);
  const [place, second] = placesOf(/Content-Security-Policy/, 'src/host/**/*.ts');
  assert.ok(place?.startsWith('src/host/webview/webviewPage.ts'), place);
  assert.equal(second, undefined);
  const page = readFileSync(path.join(root, 'src/host/webview/webviewPage.ts'), 'utf8');
  assert.match(page, /`default-src 'none'`/);
  assert.match(page, /`script-src 'nonce-\$\{nonce\}'`/);
  assert.doesNotMatch(page, /src [^`]*(https?:|\*)/);
});

test('pages make elements of texts, never markup', () => {
  const markup = /\.(innerHTML|outerHTML|insertAdjacentHTML|srcdoc)\b|document\.write|DOMParser/;
  assert.deepEqual(placesOf(markup, 'webview/**/*.ts'), []);
});

test('no Markdown of the host is trusted, holds HTML, or makes icons of texts', () => {
  const trusting = /\b(isTrusted|supportHtml|supportThemeIcons)\s*=\s*|enabledCommands/;
  assert.deepEqual(placesOf(trusting, 'src/host/**/*.ts'), []);
});

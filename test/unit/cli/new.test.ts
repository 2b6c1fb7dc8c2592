import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { templates } from '../../../src/core/templates.ts';
import { loadCollection } from '../../../src/engine/loadCollection.ts';
import { makeWorkspace } from '../../fixtures/workspace.ts';

const program = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** Runs `cf-collect` to its end. */
function cli(
  cwd: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    const child = execFile(
      process.execPath,
      [program, ...args],
      { cwd, env },
      (_error, out, err) => {
        resolve({ code: child.exitCode ?? -1, stdout: out, stderr: err });
      },
    );
  });
}

test('templates lists every template, one a line, also as JSON', async (t) => {
  const folder = await makeWorkspace(t);
  const { code, stdout } = await cli(folder, ['templates']);
  assert.equal(code, 0);
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  assert.deepEqual(
    names,
    templates.map(({ name }) => name),
  );
  const asJson = await cli(folder, ['templates', '--json']);
  const lines = asJson.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  assert.deepEqual(
    lines,
    templates.map(({ name, kind, title, about }) => ({
      type: 'template',
      name,
      kind,
      title,
      about,
    })),
  );
});

test('new writes a valid collection of that name, says which secrets it needs, and writes over nothing', async (t) => {
  const folder = await makeWorkspace(t);
  const made = await cli(folder, ['new', 'github', 'my-issues'], { OTHER: 'x' });
  assert.equal(made.code, 0);
  assert.match(made.stdout, /^my-issues\.collect\.json is written/);
  assert.match(made.stdout, /set the environment variable GITHUB_TOKEN\./);
  assert.match(made.stdout, /cf-collect run my-issues\.collect\.json/);
  const file = join(folder, 'my-issues.collect.json');
  assert.equal((await loadCollection(file)).name, 'my-issues');
  await writeFile(file, 'mine');
  const again = await cli(folder, ['new', 'books', 'my-issues']);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /exists already/);
  assert.equal(await readFile(file, 'utf8'), 'mine');
  const asJson = await cli(folder, ['new', 'github', 'b', '--json'], { GITHUB_TOKEN: 't' });
  const created = { type: 'created', file: join(folder, 'b.collect.json'), secrets: [] };
  assert.deepEqual(JSON.parse(asJson.stdout), created);
});

test('code goes along, is called after the collection, and is written over as little', async (t) => {
  const folder = await makeWorkspace(t);
  assert.equal((await cli(folder, ['new', 'module', 'news'])).code, 0);
  const { source } = await loadCollection(join(folder, 'news.collect.json'), folder);
  assert.equal(source.type === 'module' && source.module, 'news.mjs');
  const code = await readFile(join(folder, 'news.mjs'), 'utf8');
  assert.match(code, /defineSource/);
  const types = await readFile(join(folder, 'cf-collector-source.d.ts'), 'utf8');
  assert.match(types, /declare module 'cf-collector\/source'/);
  await writeFile(join(folder, 'other.mjs'), 'mine');
  const again = await cli(folder, ['new', 'module', 'other']);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /other\.mjs exists already/);
  assert.equal(await readFile(join(folder, 'other.mjs'), 'utf8'), 'mine');
});

test('new refuses a template that there is not, and a name that is no file name', async (t) => {
  const folder = await makeWorkspace(t);
  const unknown = await cli(folder, ['new', 'gitlab', 'x']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /no template "gitlab"; there are books, .*github/);
  const bad = await cli(folder, ['new', 'books', '../x']);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /letters, digits/);
});

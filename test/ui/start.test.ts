import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';

const start = path.resolve(import.meta.dirname, '../../.ci/start.ts');

describe('npm start', () => {
  let workspace: string;

  before(async () => {
    workspace = await mkdtemp(path.join(os.tmpdir(), 'cf-start-'));
  });
  after(() => rm(workspace, { recursive: true, force: true }));

  /** Rejects when it ends with anything but 0. */
  async function npmStart(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [
      start,
      '--workspace',
      workspace,
      ...args,
    ]);
    return stdout;
  }

  test('serves the samples, opens VS Code on them, and leaves nothing running', async () => {
    const output = await npmStart('--check');
    const [site = '', api = '', quotes = '', window = ''] = output.match(/http:\/\/\S+/g) ?? [];
    assert.equal(new URL(window).searchParams.get('folder'), workspace);
    for (const [file, server] of [
      ['books.collect.json', site],
      ['papers.collect.json', api],
      ['quotes.collect.json', quotes],
    ] as const) {
      const collection = await readFile(path.join(workspace, file), 'utf8');
      assert.ok(collection.includes(server), `${file} collects from ${server}`);
    }
    for (const address of [site, api, quotes, window]) await assert.rejects(fetch(address));
  });

  test('--headless collects the sample in the terminal and names the master file', async () => {
    const output = await npmStart('--headless');
    const master = output.trimEnd().split('\n').at(-1) ?? '';
    const records = (await readFile(master, 'utf8')).trimEnd().split('\n');
    assert.equal(records.length, sampleBookCount);
    assert.equal(path.dirname(master), path.join(workspace, 'data', 'raw'));
  });
});

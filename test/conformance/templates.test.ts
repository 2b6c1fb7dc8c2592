import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JsonObject } from '../../src/core/json.ts';
import { silentLogger } from '../../src/core/ports.ts';
import { findTemplate } from '../../src/core/templates.ts';
import { systemRandom } from '../../src/core/systemPorts.ts';
import { startCollection, type Environment, type LaunchMode } from '../../src/engine/launch.ts';
import type { SessionRun } from '../../src/engine/sessionRun.ts';
import { nodeFileSystem } from '../../src/storage/fileSystem.ts';
import { startApifyTweets } from '../fixtures/apis/apifyTweets.ts';
import { startGitHub } from '../fixtures/apis/gitHub.ts';
import { startHackerNews } from '../fixtures/apis/hackerNews.ts';
import { startMediaWiki } from '../fixtures/apis/mediaWiki.ts';
import { startOpenAlex } from '../fixtures/apis/openAlex.ts';
import { startOpenReview } from '../fixtures/apis/openReview.ts';
import type { PlayedApi } from '../fixtures/apis/playedApi.ts';
import { startQuotes } from '../fixtures/apis/quotes.ts';
import { startSemanticScholar } from '../fixtures/apis/semanticScholar.ts';
import { startSemanticScholarBatch } from '../fixtures/apis/semanticScholarBatch.ts';
import { startWordPress } from '../fixtures/apis/wordPress.ts';
import { FastClock } from '../fixtures/fastClock.ts';
import { makeWorkspace, readMasters, writeCollection } from '../fixtures/workspace.ts';
import { recordText } from './drive.ts';

/** A template's polite pace is one request a second; here it is kept faster. Waits that an API asks for are real. */
const clockFactor = 100;

/** The template of each API, and how it is played. */
const apis: Readonly<Record<string, () => Promise<PlayedApi>>> = {
  openreview: startOpenReview,
  openalex: startOpenAlex,
  'semantic-scholar': startSemanticScholar,
  mediawiki: startMediaWiki,
  wordpress: startWordPress,
  github: startGitHub,
  quotes: startQuotes,
  'apify-tweet-replies': startApifyTweets,
  enrich: startSemanticScholarBatch,
  module: startHackerNews,
};

function environment(): Environment {
  return {
    ports: {
      fileSystem: nodeFileSystem,
      clock: new FastClock(clockFactor),
      random: systemRandom,
      logger: silentLogger,
      machine: { machineId: 'm', host: 'test-host', bootId: 'b' },
    },
    opener: { via: 'cli', waitMs: 0, program: 'test 1.0.0' },
    secrets: { get: (name) => Promise.resolve(secretValue(name)) },
    network: {},
  };
}

const secretValue = (name: string): string => `value of ${name}`;

/** A workspace with the template as a person has it after changing the host, and nothing else. Gives its file. */
async function writeTemplate(name: string, api: PlayedApi, folder: string): Promise<string> {
  const read = (file: string) =>
    readFile(new URL(`../../media/templates/${file}`, import.meta.url), 'utf8');
  const text = await read(`${name}.collect.json`);
  assert.ok(text.includes(`"${api.origin}`), `${name} asks ${api.origin}`);
  const here = api.server.url('').replace(/\/$/, '');
  const { module } = findTemplate(name) ?? {};
  if (module !== undefined) await writeFile(join(folder, module), await read(module));
  for (const [file, content] of Object.entries(api.files ?? {}))
    await writeFile(join(folder, file), content);
  return writeCollection(folder, text.replaceAll(api.origin, here), name);
}

async function start(file: string, folder: string, mode: LaunchMode): Promise<SessionRun> {
  const { run } = await startCollection(environment(), file, folder, mode);
  await run.start();
  return run;
}

const texts = (records: readonly object[]): string[] =>
  records.map((record) => recordText(record as JsonObject)).sort();

/** The same records, each as often. Tells what differs and not all that does not. */
function assertSame(records: readonly object[], expected: readonly object[]): void {
  const [got, wanted] = [texts(records), texts(expected)];
  const missing = wanted.filter((text) => !got.includes(text)).slice(0, 3);
  const surplus = got.filter((text) => !wanted.includes(text)).slice(0, 3);
  assert.deepEqual({ missing, surplus }, { missing: [], surplus: [] });
  assert.equal(got.length, wanted.length);
}

/** Everything that was written below a folder. */
async function everythingIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.collect.json'));
  const contents = files.map((file) => readFile(join(file.parentPath, file.name), 'latin1'));
  return (await Promise.all(contents)).join('\n');
}

for (const [name, play] of Object.entries(apis)) {
  test(`${name}: the template collects all that the API has, through its traps, stopped in the middle and resumed`, async (t) => {
    const api = await play();
    t.after(() => api.close());
    const folder = await makeWorkspace(t);
    const file = await writeTemplate(name, api, folder);
    const dir = join(folder, 'data', 'raw');

    const first = await start(file, folder, 'new-only');
    await api.hung;
    await first.stop('user');
    assert.equal((await first.finished).state, 'stopped');
    const before = await readMasters(dir);
    const asked = api.server.count();

    const second = await start(file, folder, 'resume-or-start');
    assert.equal((await second.finished).state, 'completed');
    const { units } = second.store.view;
    assert.deepEqual({ failed: units.failed, pending: units.pending }, { failed: 0, pending: 0 });
    const records = await readMasters(dir);
    assertSame(records, api.expected());
    assert.ok(before.length > 0 && before.length < records.length, 'stopped in the middle');
    assert.deepEqual(
      texts(records.slice(0, before.length)),
      texts(before),
      'and gone on from there',
    );
    assert.deepEqual(api.trapsLeft(), [], 'every trap was stepped into');
    assert.deepEqual(api.complaints(), []);
    t.diagnostic(
      `${asked} requests, then ${api.server.count() - asked}, ${records.length} records`,
    );

    const written = await everythingIn(folder);
    for (const secret of (await readFile(file, 'utf8')).matchAll(/\$\{secret:(\w+)\}/g))
      assert.ok(!written.includes(secretValue(secret[1] ?? '')), secret[1]);
  });
}

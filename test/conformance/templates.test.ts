import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '../../src/core/json.ts';
import { silentLogger } from '../../src/core/ports.ts';
import { findTemplate } from '../../src/core/templates.ts';
import { systemRandom } from '../../src/core/systemPorts.ts';
import { startCollection, type LaunchMode } from '../../src/engine/launch.ts';
import type { Environment } from '../../src/engine/beginRun.ts';
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
  const [has, wants] = [new Set(got), new Set(wanted)];
  const missing = wanted.filter((text) => !has.has(text)).slice(0, 3);
  const surplus = got.filter((text) => !wants.has(text)).slice(0, 3);
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
    // One that asks for less than it should is over before.
    await Promise.race([api.hung, first.finished]);
    await first.stop('user');
    assert.equal((await first.finished).state, 'stopped');
    const before = await readMasters(dir);
    const asked = api.server.count();

    const second = await start(file, folder, 'resume-or-start');
    assert.equal((await second.finished).state, 'completed');
    const { units, spentMicroUsd, reservedMicroUsd } = second.store.view;
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
    const billed = api.billedMicroUsd?.() ?? 0;
    assert.ok(spentMicroUsd >= billed, `${spentMicroUsd} written down, ${billed} billed`);
    assert.equal(spentMicroUsd > 0, billed > 0);
    assert.equal(reservedMicroUsd, 0);
    t.diagnostic(
      `${asked} requests, then ${api.server.count() - asked}, ${records.length} records`,
    );

    const written = await everythingIn(folder);
    for (const secret of (await readFile(file, 'utf8')).matchAll(/\$\{secret:(\w+)\}/g))
      assert.ok(!written.includes(secretValue(secret[1] ?? '')), secret[1]);
  });
}

test('consolidate: the template puts together what files of every form have, stopped in the middle and resumed', async (t) => {
  const folder = await makeWorkspace(t);
  const name = 'consolidate';
  const source = new URL(`../../media/templates/${name}.collect.json`, import.meta.url);
  const file = await writeCollection(folder, await readFile(source, 'utf8'), name);
  const { files, expected } = exports();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const first = await start(file, folder, 'new-only');
  while (first.store.view.records === 0) await new Promise((resolve) => setImmediate(resolve));
  await first.stop('user');
  await first.finished;
  const dir = join(folder, 'data', 'raw');
  const before = await readMasters(dir);
  const second = await start(file, folder, 'resume-or-start');
  assert.equal((await second.finished).state, 'completed');
  const records = await readMasters(dir);
  for (const { file: from, line } of records)
    assert.ok(typeof line === 'number' && typeof from === 'string' && from in files);
  assertSame(
    records.map(({ doi, title, year, venue }) => ({ doi, title, year, venue })),
    expected,
  );
  assert.ok(before.length < records.length, 'stopped in the middle');
  assert.equal(second.store.view.rejected, 2, 'the ragged row, and the one without a title');
});

/** Files as people export them: other names for the same, other spellings, other forms, and what is wrong in them. */
function exports(): {
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly expected: readonly JsonObject[];
} {
  const count = 4_000;
  const row = (n: number) => ({ doi: `10.1/${n}`, title: `Title ${n}`, year: 2000 + (n % 20) });
  const csv = Array.from({ length: count }, (_, n) => {
    const { doi, title, year } = row(n);
    return `https://doi.org/${doi.toUpperCase()},"${title}",${n % 2 === 0 ? '' : year}\n`;
  });
  const others = Array.from({ length: 30 }, (_, n) => ({ ...row(count + n), venue: 'ACL' }));
  const lines = [row(1), row(count + 30)].map((line) => `${JSON.stringify(line)}\n`).join('');
  return {
    files: {
      'exports/a.csv': `doi,title,year\n${csv.join('')}10.1/ragged,one,2,3\n`,
      'exports/deep/b.json': JSON.stringify([...others, others[0], { doi: '10.1/untitled' }]),
      'exports/c.jsonl.gz': gzipSync(lines),
      'exports/readme.md': 'not this',
    },
    expected: Array.from({ length: count + 31 }, (_, n): JsonObject => {
      const isOther = n >= count && n < count + 30;
      const { doi, title, year } = row(n);
      const hasYear = n >= count || n % 2 === 1;
      return { doi, title, year: hasYear ? year : null, venue: isOther ? 'ACL' : null };
    }),
  };
}

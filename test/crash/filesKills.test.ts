/**
 * Kills `cf-collect run` of a `files` collection with SIGKILL at random moments, also while it resumes. The files are
 * JSONL, lists of JSON, packed ones and CSV, found by patterns; a file that comes meanwhile is not read. Every record is
 * there once, in the order of the files, and every row that is none is rejected with its place.
 *
 *   npm run test:crash -- --kills 200
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { RunningCli, runCli, type CliResult } from '../fixtures/cli.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import {
  readDataFiles,
  readMasters,
  withWorkspace,
  writeCollection,
} from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '5' }, seed: { type: 'string' } },
  strict: false,
});
const kills = Number(values.kills);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

const perFile = 6000;
const longestMs = 1500;
const fill = 'x'.repeat(500);

const collection = {
  name: 'files',
  source: {
    type: 'files',
    inputs: ['*.json*', 'z.csv'],
    fields: { id: 'id', from: { from: 'file' }, line: { from: 'line' } },
  },
  record: { key: ['id'] },
  // A unit that is killed without having got anywhere uses up an attempt.
  retry: { attempts: 1000 },
};

/** The ids of a file's records. */
function idsOf(file: string): string[] {
  return Array.from({ length: perFile }, (_, i) => `${file} ${i}`);
}

async function makeFiles(folder: string): Promise<string[]> {
  const records = (file: string): object[] => idsOf(file).map((id) => ({ id, fill }));
  const lines = (file: string): string =>
    records(file)
      .map((r) => JSON.stringify(r))
      .join('\n');
  const rows = idsOf('z.csv').map((id, i) =>
    i % 1000 === 7 ? `${id},${fill},ragged` : `${id},${fill}`,
  );
  const files = {
    'a.json': JSON.stringify(records('a.json')),
    'b.json.gz': gzipSync(JSON.stringify(records('b.json.gz'), null, 1)),
    'c.jsonl': lines('c.jsonl'),
    'd.jsonl.gz': gzipSync(lines('d.jsonl.gz')),
    'z.csv': `id,fill\n${rows.join('\n')}\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, 'in', name), content);
  }
  return Object.keys(files);
}

test(`collections of files that are killed ${kills} times are whole (--seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed);
  const tally = { killed: 0, completed: 0 };
  while (tally.killed < kills) {
    await withWorkspace(async (workspace) => {
      const inputs = collection.source.inputs.map((input) => `in/${input}`);
      await mkdir(join(workspace, 'in'));
      const names = await makeFiles(workspace);
      const file = await writeCollection(workspace, {
        ...collection,
        source: { ...collection.source, inputs },
      });
      await collectKilled(workspace, file);
      await verify(workspace, names);
      tally.completed += 1;
    });
  }
  t.diagnostic(JSON.stringify(tally));

  async function collectKilled(workspace: string, file: string): Promise<CliResult> {
    let args = ['run', file];
    for (;;) {
      const cli = new RunningCli([...args, '--workspace', workspace, '--json']);
      if (tally.killed < kills) {
        await Promise.race([setTimeout(random.next() * longestMs), cli.done]);
        cli.kill('SIGKILL');
      }
      const result = await cli.done;
      if (result.signal !== 'SIGKILL') {
        assert.equal(result.code, 0, `${result.stderr}\n${result.stdout.slice(-2000)}`);
        return result;
      }
      tally.killed += 1;
      const { events } = await runCli(['sessions', '--workspace', workspace, '--json']);
      const [session] = events;
      if (session?.['state'] === 'completed') return result;
      if (typeof session?.['session'] !== 'string') continue;
      args = ['resume', session['session']];
      // Files were found by the journal's first lines, or they will be found with this one.
      const units = session['units'] as { readonly done: number };
      if (units.done > 0) await writeFile(join(workspace, 'in', 'late.json'), '[{"id":"late"}]');
    }
  }
});

async function verify(workspace: string, names: readonly string[]): Promise<void> {
  const data = join(workspace, 'data/raw');
  const records = await readMasters(data);
  const isRagged = (id: string): boolean => /^z\.csv \d*007$|^z\.csv 7$/.test(id);
  const expected = names.flatMap(idsOf).filter((id) => !isRagged(id));
  assert.deepEqual(
    records.map((record) => record['id']),
    expected,
    'every record once, in order',
  );
  assert.equal(records[0]?.['from'], 'in/a.json');
  const rejected = await readDataFiles(data, 'rejected');
  assert.deepEqual(
    rejected.map((line) => line['reason']),
    Array.from(
      { length: perFile / 1000 },
      (_, i) => `in/z.csv:${i * 1000 + 9}: has 3 values for 2 columns`,
    ),
  );
  const { code, stdout } = await runCli(['validate', data, '--workspace', workspace]);
  assert.equal(code, 0, stdout);
}

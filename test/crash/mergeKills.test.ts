/**
 * Kills `cf-collect merge` with SIGKILL at random moments, also while it recovers, and resumes it. The output is compared
 * with what a merge in the plainest way gives.
 *
 *   npm run test:crash -- --kills 200
 */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RunningCli, runCli } from '../fixtures/cli.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { withWorkspace } from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '5' }, seed: { type: 'string' } },
  strict: false,
});
const kills = Number(values.kills);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);

const linesEach = 40_000;
const distinct = 60_000;
const longestMs = 1_500;
const ways: readonly (readonly string[])[] = [
  [],
  ['--on-conflict', 'last'],
  ['--sort', 'id', '--on-conflict', 'richest'],
];

/** Two files of some 8 MB with repeats: the same key always has the same content. */
function makeText(random: SeededRandom): string[] {
  return Array.from({ length: linesEach }, () => {
    const id = Math.floor(random.next() * distinct);
    return JSON.stringify({ id, text: `${id} `.repeat(30) });
  });
}

test(`merges that are killed ${kills} times keep each record once (--seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed);
  const tally = { killed: 0, completed: 0 };
  for (let round = 0; tally.killed < kills; round++) {
    await withWorkspace(async (workspace) => {
      const texts = [makeText(random), makeText(random)];
      const inputs = ['a.jsonl', 'b.jsonl'].map((name) => join(workspace, name));
      for (const [i, input] of inputs.entries()) {
        await writeFile(input, `${texts[i]?.join('\n') ?? ''}\n`);
      }
      const way = ways[round % ways.length] ?? [];
      const output = join(workspace, 'out.jsonl');
      await mergeKilled(workspace, ['merge', ...inputs, '-o', output, '--key', 'id', ...way]);
      await verify(output, texts.flat(), way);
      tally.completed += 1;
    });
  }
  t.diagnostic(JSON.stringify(tally));

  async function mergeKilled(workspace: string, first: readonly string[]): Promise<void> {
    let args = first;
    for (;;) {
      const cli = new RunningCli([...args, '--workspace', workspace, '--json']);
      if (tally.killed < kills) {
        await Promise.race([setTimeout(random.next() * longestMs), cli.done]);
        cli.kill('SIGKILL');
      }
      const { signal, code, stdout, stderr } = await cli.done;
      if (signal !== 'SIGKILL') {
        assert.equal(code, 0, `${stderr}\n${stdout.slice(-2000)}`);
        return;
      }
      tally.killed += 1;
      const { events } = await runCli(['sessions', '--workspace', workspace, '--json']);
      const session = events[0]?.['session'];
      if (events[0]?.['state'] === 'completed') return;
      if (typeof session === 'string') {
        args = ['resume', session];
        continue;
      }
      // Killed before the session was made: an empty output may be left, and is never written over.
      const output = first[first.indexOf('-o') + 1] ?? '';
      assert.equal(await readFile(output, 'utf8').catch(() => ''), '');
      await rm(output, { force: true });
      args = first;
    }
  }
});

async function verify(
  output: string,
  lines: readonly string[],
  way: readonly string[],
): Promise<void> {
  const merged = (await readFile(output, 'utf8')).split('\n');
  assert.equal(merged.pop(), '');
  const expected = new Set(lines);
  assert.equal(new Set(merged).size, merged.length, 'no line twice');
  assert.deepEqual(merged.toSorted(), [...expected].sort());
  if (way.includes('--sort')) {
    const ids = merged.map((line) => (JSON.parse(line) as { id: number }).id);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
  }
  const manifest = JSON.parse(await readFile(`${output}.manifest.json`, 'utf8')) as {
    readonly records: number;
    readonly duplicates: number;
    readonly inputs: readonly { readonly lines: number }[];
  };
  assert.equal(manifest.records, merged.length);
  assert.equal(manifest.duplicates, lines.length - merged.length);
  assert.deepEqual(
    manifest.inputs.map((input) => input.lines),
    [linesEach, linesEach],
  );
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { FileResult } from '../../../.ci/testFile.ts';

const runner = path.resolve(import.meta.dirname, '../../../.ci/testFile.ts');

describe('running one test file', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'cf-test-file-'));
    await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** The outcomes of a file with this body, as `kind name: first line of detail`. */
  async function outcomesOf(
    body: string,
    { limitMs = 20_000, idleMs = 5_000 } = {},
  ): Promise<readonly string[]> {
    const file = path.join(folder, 'planted.test.ts');
    const imports = "import { after, before, describe, test } from 'node:test';";
    await writeFile(file, `${imports}\n${body}\n`);
    const options = { argv: ['--kills', '3'], limitMs, idleMs };
    const script = path.join(folder, 'run.ts');
    await writeFile(
      script,
      `import { runTestFile } from ${JSON.stringify(runner)};
       const result = await runTestFile(${JSON.stringify(file)}, ${JSON.stringify(options)});
       console.log(JSON.stringify(result));`,
    );
    // node:test refuses to run files from within a test, which it knows by this variable.
    const { NODE_TEST_CONTEXT: context, ...env } = process.env;
    assert.notEqual(context, undefined);
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    const { outcomes } = JSON.parse(stdout) as FileResult;
    return outcomes.map(({ kind, name, detail }) => {
      const why = detail?.split('\n')[0];
      return `${kind} ${name}${why === undefined ? '' : `: ${why}`}`;
    });
  }

  test('counts tests, not suites', async () => {
    assert.deepEqual(
      await outcomesOf(`
        test('good', () => {});
        describe('suite', () => {
          test('bad', () => { throw new Error('boom'); });
          test.skip('skipped', () => {});
          test('later', { todo: true }, () => {});
        });`),
      ['passed good', 'failed bad: Error: boom', 'skipped skipped', 'skipped later'],
    );
  });

  test('hands arguments on', async () => {
    assert.deepEqual(await outcomesOf(`test(process.argv.slice(2).join(' '), () => {});`), [
      'passed --kills 3',
    ]);
  });

  test('a hook that fails after the tests of its suite passed is a failure', async () => {
    assert.deepEqual(
      await outcomesOf(`
        describe('suite', () => {
          after(() => { throw new Error('in hook'); });
          test('good', () => {});
        });`),
      ['passed good', 'failed suite: Error: in hook'],
    );
  });

  for (const [what, body, expected] of [
    ['holds no test', '', 'ran no test (it holds none, or ended its process)'],
    ['throws', `throw new Error('x');`, 'its process failed outside of its tests'],
    [
      'ends its process before it reported',
      `test('a', () => {}); test('b', () => process.exit(0));`,
      'ran no test (it holds none, or ended its process)',
    ],
    [
      'fails after its tests',
      `test('a', () => { setTimeout(() => { throw new Error('late'); }, 20); });`,
      'its process failed outside of its tests',
    ],
  ] as const) {
    test(`a file that ${what} is a failure`, async () => {
      const outcomes = await outcomesOf(body);
      assert.equal(outcomes.at(-1), `failed planted.test.ts: ${expected}`);
    });
  }

  test('a file that ends its process between two tests is a failure', async () => {
    const outcomes = await outcomesOf(`
      test('a', () => {});
      test('b', async () => {
        // What 'a' reported has left the process by then.
        await new Promise((resolve) => setTimeout(resolve, 300));
        process.exit(0);
      });`);
    assert.deepEqual(outcomes, [
      'passed a',
      'failed planted.test.ts: ended before all of its tests had',
    ]);
  });

  test('a file that hangs is ended, and a failure', async () => {
    const outcomes = await outcomesOf(
      `test('a', () => new Promise(() => setInterval(() => {}, 1000)));`,
      { limitMs: 1500 },
    );
    assert.equal(outcomes.at(-1), 'failed planted.test.ts: took longer than 1.5 s');
  });

  test('a file that leaves something running is ended, and a failure', async () => {
    const body = `
      import http from 'node:http';
      test('a', () => { http.createServer().listen(0); });`;
    const outcomes = await outcomesOf(body, { idleMs: 500 });
    assert.match(outcomes.at(-1) ?? '', /^failed planted.test.ts: is kept alive by something/);
  });
});

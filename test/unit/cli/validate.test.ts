import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../../src/core/validation.ts';
import { changeLine, makeSession } from '../engine/validate/sessionToBreak.ts';

const program = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** Runs `cf-collect validate` to its end. */
function validateCli(
  cwd: string,
  ...args: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, 'validate', ...args],
      { cwd },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
  });
}

test('what is right is said to be, check by check, and the exit code is 0', async (t) => {
  const { root, layout } = await makeSession(t);
  const { code, stdout } = await validateCli(root);
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^✓ things \\(${layout.session}\\): 12 records$`, 'm'));
  assert.match(stdout, /^ {2}✓ ranges {7}5$/m);
  assert.match(stdout, /^ {2}– schema {7}the collection has no record schema$/m);
  assert.match(stdout, /^✓ All right: 1 target, 0\.0 MB in /m);
});

test('what is wrong is told with its place as compilers do, and the exit code is 1', async (t) => {
  const { root, master } = await makeSession(t);
  await changeLine(master, 5, (line) => line.replace('"id"', 'id'));
  const { code, stdout } = await validateCli(root, master);
  assert.equal(code, 1);
  const place = /^data\/raw\/things_master_\d+_\d+\.jsonl:5:2: error LINE_NOT_JSON: Not JSON: /m;
  assert.match(stdout, place);
  assert.match(stdout, /^✗ things /m);
  assert.match(stdout, /^ {2}✗ lines /m);
  assert.match(stdout, /^✗ 3 errors: 1 target/m);
});

test('--json gives the findings line by line, then the summary', async (t) => {
  const { root, master, layout } = await makeSession(t);
  await changeLine(master, 5, (line) => line.replace('"r2.2"', '"other"'));
  const { code, stdout } = await validateCli(root, layout.session.slice(0, 12), '--json');
  assert.equal(code, 1);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Partial<Finding> & { type: string; isValid?: boolean });
  assert.deepEqual(
    lines.map(({ type, code: what, line }) => [type, what, line]),
    [
      ['finding', 'RANGE_CHANGED', 5],
      ['finding', 'UNIT_WITHOUT_RECORDS', undefined],
      ['summary', undefined, undefined],
    ],
  );
  assert.equal(lines[0]?.file, master);
  assert.equal(lines.at(-1)?.isValid, false);
});

test('bad usage is 2: a session, a file or a schema that is not there', async (t) => {
  const { root } = await makeSession(t);
  await writeFile(join(root, 'no.json'), '[]');
  for (const [args, why] of [
    [['session_zzz'], /"session_zzz" is no session of this workspace\. The nearest are:/],
    [['none.jsonl'], /none\.jsonl is not there/],
    [['--schema', 'none.json'], /none\.json can't be read: There is no such file/],
    [['--schema', 'no.json'], /no\.json is not a JSON Schema/],
    [['--fix'], /--fix/],
  ] as const) {
    const { code, stderr } = await validateCli(root, ...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, why);
  }
});

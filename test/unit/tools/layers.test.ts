import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../../..');
const upToServe = 'core dedup storage sources engine protocol serve';

/** The table of rooms, row by row: what each may import, and what more it may import as types. */
const table = new Map([
  ['core', { values: '', types: '' }],
  ['dedup', { values: 'core', types: '' }],
  ['storage', { values: 'core dedup', types: '' }],
  ['sources', { values: 'core protocol', types: '' }],
  ['engine', { values: 'core dedup storage sources', types: '' }],
  ['protocol', { values: '', types: 'core' }],
  ['serve', { values: 'core engine', types: '' }],
  ['worker', { values: upToServe, types: '' }],
  ['cli', { values: upToServe, types: '' }],
  [
    'host',
    {
      values: 'core protocol contributions',
      types: 'dedup storage sources engine serve worker cli extension',
    },
  ],
  ['extension', { values: 'host', types: '' }],
  ['contributions', { values: '', types: 'core' }],
  ['webview', { values: 'core protocol', types: '' }],
]);

/** Who may use a module that has a door; all others may not. */
const doors = new Map([
  ['vscode', 'host extension'],
  ['undici', 'sources'],
  ['node:fs', 'storage cli serve host'],
  ['node:fs/promises', 'storage cli serve host'],
  ['node:sqlite', 'storage dedup'],
  [
    'node:net',
    'dedup storage sources engine protocol serve worker cli host extension contributions webview',
  ],
]);

type Kind = 'values' | 'types';
interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

describe('layer check', () => {
  const violations = new Map<Kind, readonly Violation[]>();
  let scratch: string;

  before(async () => {
    scratch = await mkdtemp(path.join(os.tmpdir(), 'cf-layers-'));
    for (const kind of ['values', 'types'] as const) {
      const project = path.join(scratch, kind);
      await plantProject(project, kind);
      violations.set(kind, await checkLayers(project));
    }
  });
  after(() => rm(scratch, { recursive: true, force: true }));

  for (const [from, row] of table) {
    test(`${from} may enter the rooms of its row and no other`, () => {
      const others = [...table.keys()].filter((room) => room !== from);
      assert.deepEqual(entered(from, 'values', others), sorted(row.values));
      assert.deepEqual(entered(from, 'types', others), sorted(`${row.values} ${row.types}`));
    });
  }

  for (const [module, users] of doors) {
    test(`${module} is for ${users}`, () => {
      const isRefused = (room: string): boolean =>
        violationsOf(room, 'values').some(({ to }) => isModule(to, module));
      const allowed = [...table.keys()].filter((room) => !isRefused(room));
      assert.deepEqual(allowed.sort(), sorted(users));
    });
  }

  test('two files that import each other are a circle', () => {
    const circles = violationsOf('core', 'values').filter(({ rule }) => rule.name === 'no-circles');
    assert.notEqual(circles.length, 0);
  });

  function violationsOf(room: string, kind: Kind): readonly Violation[] {
    return (violations.get(kind) ?? []).filter(({ from }) => from === fileOf(room));
  }

  /** The rooms among `others` whose import by `from` no rule of rooms refused. */
  function entered(from: string, kind: Kind, others: readonly string[]): readonly string[] {
    const refused = violationsOf(from, kind)
      .filter(({ rule }) => rule.name.includes(' may '))
      .map(({ to }) => to);
    return others.filter((room) => !refused.includes(fileOf(room))).sort();
  }
});

/**
 * A project in which the file of every room imports the file of every other room, and every module
 * with a door.
 */
async function plantProject(project: string, kind: Kind): Promise<void> {
  const word = kind === 'types' ? 'import type' : 'import';
  for (const from of table.keys()) {
    const file = path.join(project, fileOf(from));
    const imports = [...table.keys()]
      .filter((to) => to !== from)
      .map((to, i) => {
        const target = path.relative(path.dirname(fileOf(from)), fileOf(to));
        return `${word} { x as x${i} } from '${target.startsWith('.') ? target : `./${target}`}';`;
      });
    const uses = [...doors.keys()].map((module, i) => `${word} * as m${i} from '${module}';`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, [...imports, ...uses, 'export const x = 1;', ''].join('\n'));
  }
  await cp(path.join(root, 'tsconfig.json'), path.join(project, 'tsconfig.json'));
  await cp(path.join(root, 'package.json'), path.join(project, 'package.json'));
  await symlink(path.join(root, 'node_modules'), path.join(project, 'node_modules'), 'junction');
}

function fileOf(room: string): string {
  switch (room) {
    case 'webview':
      return 'webview/dashboard/main.ts';
    case 'extension':
    case 'contributions':
      return `src/${room}.ts`;
    default:
      return `src/${room}/room.ts`;
  }
}

/** What the rules of `npm run layers` have against a project. */
async function checkLayers(project: string): Promise<readonly Violation[]> {
  const cli = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const rules = path.join(root, '.dependency-cruiser.mjs');
  const args = [cli, '--config', rules, '--output-type', 'json', 'src', 'webview'];
  const report = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { cwd: project, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        // Its exit code is the number of violations, so what it printed tells whether it worked.
        if (stdout.startsWith('{')) resolve(stdout);
        else
          reject(new Error(`dependency-cruiser said nothing of use:\n${stderr}`, { cause: error }));
      },
    );
  });
  const { summary } = JSON.parse(report) as { summary: { violations: readonly Violation[] } };
  return summary.violations;
}

function isModule(target: string, module: string): boolean {
  const name = module.replace('node:', '');
  return (
    [name, `node:${name}`].includes(target) ||
    new RegExp(`node_modules/(@types/)?${name}/`).test(target)
  );
}

function sorted(words: string): readonly string[] {
  return words
    .split(' ')
    .filter((word) => word !== '')
    .sort();
}

import assert from 'node:assert/strict';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import type { ForConfig } from '../../../../src/core/config/forValues.ts';
import { PauseError } from '../../../../src/core/errors.ts';
import { silentLogger, type Logger } from '../../../../src/core/ports.ts';
import { forUnits, type ForUnit } from '../../../../src/sources/forValues/forUnits.ts';
import { never } from '../../../conformance/drive.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

async function folderWith(
  t: TestContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
  const root = await makeScratchFolder(t);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  return root;
}

async function unitsOf(
  root: string,
  config: ForConfig,
  needed: readonly string[] = Object.keys(config),
  logger: Logger = silentLogger,
): Promise<ForUnit[]> {
  const units: ForUnit[] = [];
  const options = { needed: new Set(needed) };
  for await (const unit of forUnits(config, options, { root, logger }, never())) units.push(unit);
  return units;
}

const values = (units: readonly ForUnit[]): unknown[] => units.map((unit) => unit.values);

test('one unit a line, whatever the file is written in', async (t) => {
  const lines = '{"id":"a","n":1}\n\n{"id":"b","n":12345678901234567890}\n';
  const root = await folderWith(t, {
    'papers.jsonl': lines,
    'papers.jsonl.gz': gzipSync(lines),
    'papers.csv': 'id,n\na,1\nb,12345678901234567890\n',
    'papers.tsv': 'id\tn\na\t1\nb\t12345678901234567890\n',
    'ids.txt': '  a \n\nb\n',
    ids: '\uFEFFa\r\nb\r\n',
    'scalars.jsonl': '"a"\n"b"\n',
  });
  for (const from of ['papers.jsonl', 'papers.jsonl.gz', 'papers.csv', 'papers.tsv']) {
    const units = await unitsOf(root, { id: { from, path: 'id' } });
    assert.deepEqual(values(units), [{ id: 'a' }, { id: 'b' }], from);
    assert.deepEqual(
      units.map(({ key, group }) => [key, group]),
      [
        ['{"id":"a"}', 'papers'],
        ['{"id":"b"}', 'papers'],
      ],
    );
  }
  for (const from of ['ids.txt', 'ids', 'scalars.jsonl']) {
    assert.deepEqual(
      values(await unitsOf(root, { id: { from } })),
      [{ id: 'a' }, { id: 'b' }],
      from,
    );
  }
  const [, second] = await unitsOf(root, { n: { from: 'papers.jsonl', path: 'n' } });
  assert.equal(JSON.stringify(second?.values), '{"n":12345678901234567890}', 'all its digits');
});

test('names with the same file are taken from the same line; lists are combined with it', async (t) => {
  const root = await folderWith(t, {
    'p.csv': 'id,title\n1,One\n2,Two\n',
    'q.jsonl': '{"q":{"r":[true]}}\n{"q":{"r":[false]}}\n',
  });
  const units = await unitsOf(root, {
    venue: ['iclr', 'icml'],
    id: { from: 'p.csv', path: 'id' },
    title: { from: 'p.csv', path: 'title' },
  });
  assert.deepEqual(values(units), [
    { venue: 'iclr', id: '1', title: 'One' },
    { venue: 'icml', id: '1', title: 'One' },
    { venue: 'iclr', id: '2', title: 'Two' },
    { venue: 'icml', id: '2', title: 'Two' },
  ]);
  assert.deepEqual(
    units.map(({ group }) => group),
    ['iclr_p', 'icml_p', 'iclr_p', 'icml_p'],
    'a group for every combination of listed values and every file, not for every line',
  );
  const crossed = await unitsOf(root, {
    id: { from: 'p.csv', path: 'id' },
    r: { from: 'q.jsonl', path: 'q.r[0]' },
  });
  assert.deepEqual(values(crossed), [
    { id: '1', r: true },
    { id: '1', r: false },
    { id: '2', r: true },
    { id: '2', r: false },
  ]);
  assert.equal(crossed[0]?.group, 'p_q');
});

test('what is carried along may be anything, and makes no other unit', async (t) => {
  const config = {
    id: { from: 'p.jsonl', path: 'id' },
    by: { from: 'p.jsonl', path: 'by' },
    row: { from: 'p.jsonl' },
  };
  const root = await folderWith(t, { 'p.jsonl': '{"id":1,"by":["x","y"]}\n{"id":2}\n' });
  const units = await unitsOf(root, config, ['id']);
  assert.deepEqual(values(units), [
    { id: 1, by: ['x', 'y'], row: { id: 1, by: ['x', 'y'] } },
    { id: 2, by: null, row: { id: 2 } },
  ]);
  await writeFile(join(root, 'p.jsonl'), '{"id":1,"by":["z"]}\n{"id":2}\n');
  const keys = (all: readonly ForUnit[]): unknown[] => all.map((unit) => unit.key);
  assert.deepEqual(keys(await unitsOf(root, config, ['id'])), keys(units));
  assert.deepEqual(keys(units), ['{"id":1}', '{"id":2}']);
});

test('a column may have any name', async (t) => {
  const root = await folderWith(t, { 'p.csv': '"a.b[",b c\nx,y\n' });
  const units = await unitsOf(root, {
    a: { from: 'p.csv', path: 'a.b[' },
    b: { from: 'p.csv', path: 'b c' },
  });
  assert.deepEqual(values(units), [{ a: 'x', b: 'y' }]);
});

test('a very long value still makes a key of some hundred characters, each its own', async (t) => {
  const long = 'l'.repeat(5000);
  const root = await folderWith(t, { 'p.txt': `${long}a\n${long}b\n` });
  const [a, b] = await unitsOf(root, { id: { from: 'p.txt' } });
  assert.ok((a?.key?.length ?? 0) < 400);
  assert.notEqual(a?.key, b?.key);
});

test('lines that give no value are passed over, counted and told of', async (t) => {
  const root = await folderWith(t, {
    'p.jsonl': [
      '{"id":"a"}',
      '{"no":1}',
      '{"id":null}',
      '{"id":""}',
      '{"id":{"x":1}}',
      '{"id":',
      '[1]',
      '',
      '{"id":"b"}',
    ].join('\n'),
  });
  const told: { readonly fields: object; readonly message: string }[] = [];
  const logger = {
    ...silentLogger,
    warn: (fields: object, message: string) => told.push({ fields, message }),
  };
  const config = { id: { from: 'p.jsonl', path: 'id' } };
  const units = await unitsOf(root, config, ['id'], logger);
  assert.deepEqual(values(units), [{ id: 'a' }, { id: 'b' }]);
  assert.deepEqual(
    told.map(({ fields }) => fields),
    [{ code: 'FOR_LINES_SKIPPED', file: 'p.jsonl', lines: 6 }],
  );
  assert.match(
    told[0]?.message ?? '',
    /^p\.jsonl: 6 lines give no unit: line 2 \(id holds nothing\), .* line 5 \(id holds no text or number\), line 6 \(not JSON: .*\) and 1 more\.$/,
  );
});

test('a pattern is all files that match, by name; a group for each', async (t) => {
  const root = await folderWith(t, {
    'data/b.txt': '3\n',
    'data/a.txt': '1\n2\n',
    'data/deep/c.txt': '4\n',
    'data/other.csv': 'x\n',
  });
  const units = await unitsOf(root, { id: { from: 'data/**/*.txt' } });
  assert.deepEqual(
    units.map(({ values: { id }, group }) => [id, group]),
    [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
      ['4', 'c'],
    ],
  );
});

test('a file that grows gives more units, and the same as before', async (t) => {
  const root = await folderWith(t, { 'ids.txt': 'a\nb\n' });
  const config = { id: { from: 'ids.txt' } };
  const before = await unitsOf(root, config);
  assert.deepEqual(await unitsOf(root, config), before);
  await appendFile(join(root, 'ids.txt'), 'c\n');
  const after = await unitsOf(root, config);
  assert.deepEqual(after.slice(0, 2), before);
  assert.equal(after.length, 3);
});

test('a file that can’t be read pauses the session with words on it', async (t) => {
  const packed = gzipSync('{"id":"a"}\n'.repeat(1000));
  const root = await folderWith(t, {
    'cut.jsonl.gz': packed.subarray(0, packed.length - 20),
    'wide.txt': Buffer.from('\uFEFFa\nb\n', 'utf16le'),
  });
  for (const [from, words] of [
    ['none.txt', /none\.txt can't be read: there is no such file\. source\.for/],
    ['none/*.txt', /No file matches none\/\*\.txt/],
    ['cut.jsonl.gz', /cut\.jsonl\.gz ends in the middle/],
    ['wide.txt', /wide\.txt is UTF-16\. Save it as UTF-8/],
  ] as const) {
    await assert.rejects(unitsOf(root, { id: { from } }, []), (error: unknown) => {
      assert.ok(error instanceof PauseError, from);
      assert.equal(error.code, 'FOR_FILE_UNREADABLE');
      assert.match(error.message, words);
      return true;
    });
  }
});

test('many lines are streamed', async (t) => {
  const title = 'A title of some length.'.repeat(3);
  const root = await folderWith(t, {
    'ids.csv': `id,title\n${Array.from({ length: 200_000 }, (_, i) => `${i},${title}\n`).join('')}`,
  });
  const options = { needed: new Set(['id']) };
  const context = { root, logger: silentLogger };
  const config = {
    id: { from: 'ids.csv', path: 'id' },
    title: { from: 'ids.csv', path: 'title' },
  };
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  let count = 0;
  for await (const { values: read } of forUnits(config, options, context, never())) {
    assert.equal(read['title'], title);
    if (++count % 50_000 > 0) continue;
    collectGarbage();
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  assert.equal(count, 200_000);
  assert.ok(most < 16 * 1024 * 1024, `${most >> 20} MB`);
});

import assert from 'node:assert/strict';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { collectionSchema } from '../../../../src/core/config.ts';
import type { FilesSourceConfig } from '../../../../src/core/config/filesSource.ts';
import { CollectorError } from '../../../../src/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../../src/core/json.ts';
import { silentLogger } from '../../../../src/core/ports.ts';
import type { NewUnit } from '../../../../src/core/unit.ts';
import { checkFilesConfig } from '../../../../src/sources/files/checkFilesConfig.ts';
import { FilesSource } from '../../../../src/sources/files/filesSource.ts';
import { unmetered, type SourceContext, type StageWatch } from '../../../../src/sources/source.ts';
import { claim, makeContext, never, planAll } from '../../../conformance/drive.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

type Files = Readonly<Record<string, string | Buffer>>;

async function write(root: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

async function folderWith(t: TestContext, files: Files): Promise<string> {
  const root = await makeScratchFolder(t);
  await write(root, files);
  return root;
}

function filesConfig(source: object): FilesSourceConfig {
  const { source: checked } = collectionSchema.parse({
    name: 'test',
    source: { type: 'files', ...source },
  });
  if (checked.type !== 'files') throw new Error('no files source');
  return checked;
}

function open(
  t: TestContext,
  root: string,
  source: object,
  changes: Partial<SourceContext> = {},
): FilesSource {
  const context = makeContext({ root, scratch: join(root, '.scratch'), ...changes });
  const made = new FilesSource(filesConfig(source), context);
  t.after(() => made.close());
  return made;
}

interface Outcome {
  readonly records: readonly JsonObject[];
  /** Reasons of what is no record, with its place. */
  readonly rejected: readonly string[];
  readonly duplicates: number;
  readonly units: readonly NewUnit[];
  /** How each unit ended, by its key: its proof, or its error. */
  readonly ends: Readonly<Record<string, string>>;
}

/** Carries out units one after the other, and those that they bring to light. */
async function carryOut(
  source: FilesSource,
  planned?: readonly NewUnit[],
  from: Readonly<Record<string, JsonValue>> = {},
): Promise<Outcome> {
  const units = [...(planned ?? (await planAll(source)))];
  const records: JsonObject[] = [];
  const rejected: string[] = [];
  const ends: Record<string, string> = {};
  let duplicates = 0;
  for (const [i, newUnit] of units.entries()) {
    const unit = claim(newUnit, i + 1, from[newUnit.key]);
    try {
      for await (const page of source.collect(unit, { signal: never() })) {
        duplicates += page.duplicates ?? 0;
        units.push(...(page.units ?? []));
        for (const item of page.items) {
          try {
            const line = await source.map(item);
            records.push(JSON.parse(JSON.stringify(line)) as JsonObject);
          } catch (error) {
            rejected.push(`${item.place.file}:${item.place.line}: ${(error as Error).message}`);
          }
        }
        if (page.end !== undefined) ends[unit.key] = page.end.by;
      }
    } catch (error) {
      if (!(error instanceof CollectorError)) throw error;
      ends[unit.key] = `${error.name} ${error.code}: ${error.message}`;
    }
  }
  return { records, rejected, duplicates, units, ends };
}

const ids = (outcome: Outcome): unknown[] => outcome.records.map((record) => record['id']);

test('ragged rows of a CSV go with file and line, or are filled', async (t) => {
  const root = await folderWith(t, { 'a.csv': 'id,b,c\n1,x,y\n2,x\n\n3,x,y,z\n4,"x\ny",z\n' });
  const { records, rejected } = await carryOut(open(t, root, { inputs: ['a.csv'] }));
  assert.deepEqual(
    records.map((record) => record['id']),
    ['1', '4'],
  );
  assert.deepEqual(rejected, [
    'a.csv:3: has 2 values for 3 columns',
    'a.csv:5: has 4 values for 3 columns',
  ]);
  const filled = await carryOut(open(t, root, { inputs: ['a.csv'], csv: { ragged: 'fill' } }));
  assert.deepEqual(filled.records, [
    { id: '1', b: 'x', c: 'y' },
    { id: '2', b: 'x', c: null },
    { id: '3', b: 'x', c: 'y', column_4: 'z' },
    { id: '4', b: 'x\ny', c: 'z' },
  ]);
  assert.deepEqual(filled.rejected, []);
});

test('columns and delimiter of a CSV without a line of names', async (t) => {
  const root = await folderWith(t, { 'a.csv': '1~a,b\n2~c\n' });
  const csv = { delimiter: '~', columns: ['id', 'name'] };
  const { records } = await carryOut(open(t, root, { inputs: ['a.csv'], csv }));
  assert.deepEqual(records, [
    { id: '1', name: 'a,b' },
    { id: '2', name: 'c' },
  ]);
});

test('records are mapped: paths, columns of any name, expressions, file and line', async (t) => {
  const root = await folderWith(t, {
    'a.csv': 'x.y,n[\nA,1\nB,2\n',
    'b.json': '{"d":[{"x":{"y":"C"}},"D"]}',
  });
  const fields = {
    name: 'x.y',
    number: '=$number($lookup($, "n["))',
    value: '=$type($) = "string" ? $ : null',
    file: { from: 'file' },
    line: { from: 'line' },
  };
  const source = open(t, root, { inputs: ['a.csv', 'b.json'], items: 'd', fields });
  const { records, rejected } = await carryOut(source);
  assert.deepEqual(rejected, []);
  assert.deepEqual(records, [
    { name: 'A', number: 1, value: null, file: 'a.csv', line: 2 },
    { name: 'B', number: 2, value: null, file: 'a.csv', line: 3 },
    { name: 'C', number: null, value: null, file: 'b.json', line: 1 },
    { name: null, number: null, value: 'D', file: 'b.json', line: 1 },
  ]);
});

test('what a pattern matched at the start is what is read, in its order', async (t) => {
  const line = (id: string): string => `{"id":"${id}"}\n`;
  const root = await folderWith(t, {
    'z.jsonl': line('z'),
    'data/b.jsonl': line('b'),
    'data/a.jsonl': line('a'),
    'data/deep/c.jsonl': line('c'),
    'data/own_master_20260101_000000.jsonl': line('own'),
    'data/own_master_20260101_000000_2.jsonl': line('own'),
    'data/other_master_20260101_000000.jsonl': line('other'),
    'data/other_rejected_20260101_000000.jsonl': line('rejected'),
    'data/.hidden.jsonl': line('hidden'),
    'last.jsonl': line('last'),
  });
  const config = { inputs: ['z.jsonl', 'data/**/*.jsonl', 'last.jsonl'] };
  const changes = { output: { dir: join(root, 'data'), prefix: 'own' } };
  const source = open(t, root, config, changes);
  assert.equal(source.traits.discovers, true);
  const first = await carryOut(source);
  assert.deepEqual(ids(first), ['z', 'a', 'b', 'c', 'other', 'last']);
  assert.deepEqual(
    first.units.map(({ key, group }) => [key, group]),
    [
      ['z.jsonl', 'z'],
      ['files of data/**/*.jsonl', 'inputs'],
      ['data/a.jsonl', 'a'],
      ['data/b.jsonl', 'b'],
      ['data/deep/c.jsonl', 'c'],
      ['data/other_master_20260101_000000.jsonl', 'other_master_20260101_000000'],
      ['last.jsonl', 'last'],
    ],
  );
  // A resume: the plan is the same, and the files are those of the journal.
  await write(root, { 'data/aa.jsonl': line('aa') });
  await rm(join(root, 'data/b.jsonl'));
  const warned: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (_fields: object, message: string) => {
      warned.push(message);
    },
  };
  await writeFile(join(root, 'data/a.jsonl'), line('a') + line('a2'));
  const resumed = open(t, root, config, { ...changes, logger });
  assert.deepEqual(await planAll(resumed), first.units.slice(0, 2));
  const found = first.units.slice(2);
  const rest = await carryOut(resumed, found);
  assert.deepEqual(ids(rest), ['a', 'a2', 'c', 'other', 'last']);
  assert.match(
    rest.ends['data/b.jsonl'] ?? '',
    /^UnitFailedError INPUT_UNREADABLE: .*data\/b\.jsonl can't be read: there is no such file\. Put it right, and retry the failed units\.$/,
    'one that has gone is failed, and the others go on',
  );
  assert.deepEqual(warned, [
    'data/a.jsonl has changed since it was found. What it holds now is read.',
  ]);
});

test('rejected and raw files are read where a pattern names them', async (t) => {
  const root = await folderWith(t, {
    'a_rejected_20260101_000000.jsonl': '{"id":"r"}\n',
    'a_raw_20260101_000000_2.jsonl': '{"id":"w"}\n',
    'a_master_20260101_000000.jsonl': '{"id":"m"}\n',
  });
  const read = async (pattern: string): Promise<unknown[]> =>
    ids(await carryOut(open(t, root, { inputs: [pattern] })));
  assert.deepEqual(await read('*.jsonl'), ['m']);
  assert.deepEqual(await read('*_rejected_*.jsonl'), ['r']);
  assert.deepEqual(await read('*_raw_*.jsonl'), ['w']);
});

test('a file that was changed in front of the cursor fails alone', async (t) => {
  const lines = Array.from(
    { length: 20_000 },
    (_, i) => `{"id":${i},"fill":"${'x'.repeat(200)}"}\n`,
  );
  const root = await folderWith(t, { 'a.jsonl': lines.join(''), 'b.jsonl': '{"id":"b"}\n' });
  const source = open(t, root, { inputs: ['a.jsonl', 'b.jsonl'] });
  const units = await planAll(source);
  const [unit] = units;
  assert.ok(unit);
  const pages = source.collect(claim(unit, 1), { signal: never() });
  const { value: page } = await pages.next();
  await pages.return();
  assert.ok(page?.cursor !== undefined);
  await writeFile(join(root, 'a.jsonl'), lines.join('').replace('"id":3,', '"id":4,'));
  const { ends, records } = await carryOut(
    open(t, root, { inputs: ['a.jsonl', 'b.jsonl'] }),
    units,
    {
      [unit.key]: page.cursor,
    },
  );
  assert.match(ends['a.jsonl'] ?? '', /^UnitFailedError INPUT_CHANGED: .*begin a new session/);
  assert.equal(records.length, 1);
});

test('where all files are needed, the session waits until they are as they were', async (t) => {
  const root = await folderWith(t, {
    'b.csv': 'id,n\n2,b\n1,b\n',
    'a.csv': 'id,n\n3,a\n1,a\n',
  });
  const config = { inputs: ['*.csv'], onConflict: 'last', sort: 'id' };
  const keyed = { keyFields: ['id'] };
  const whole = await carryOut(open(t, root, config, keyed));
  assert.deepEqual(whole.records, [
    { id: '1', n: 'b' },
    { id: '2', n: 'b' },
    { id: '3', n: 'a' },
  ]);
  assert.equal(whole.duplicates, 1);
  const found = whole.units.slice(1);
  const again = await carryOut(open(t, root, config, keyed), found);
  assert.deepEqual(again.records, whole.records, 'another process goes on with the same list');

  await write(root, { 'c.csv': 'id,n\n1,c\n' });
  const { ends, records } = await carryOut(open(t, root, config, keyed), found);
  assert.deepEqual(records, []);
  for (const end of Object.values(ends)) {
    assert.match(end, /^PauseError INPUT_CHANGED: The files of \*\.csv are not those/);
  }
  await rm(join(root, 'c.csv'));
  await utimes(join(root, 'a.csv'), 1, 1);
  const touched = await carryOut(open(t, root, config, keyed), found);
  assert.match(touched.ends['b.csv'] ?? '', /^PauseError INPUT_CHANGED/);
});

test('a pattern that nothing matches pauses the session', async (t) => {
  const root = await folderWith(t, { 'a.jsonl': '{"id":1}\n' });
  const { ends } = await carryOut(open(t, root, { inputs: ['a.jsonl', 'none/*.csv'] }));
  assert.equal(ends['a.jsonl'], 'end of file');
  assert.match(
    ends['files of none/*.csv'] ?? '',
    /^PauseError INPUT_UNREADABLE: No file matches none\/\*\.csv/,
  );
});

test('what is wrong is found while the collection is written', async (t) => {
  const root = await folderWith(t, {
    'a.jsonl': '{"id":1}\n',
    'o.json': '{"a":[1]}',
    'wide.csv': Buffer.from('\uFEFFa,b', 'utf16le'),
    'folder/x.jsonl': '',
    'empty.jsonl': '',
  });
  const check = async (source: object): Promise<unknown[]> => {
    const problems = await checkFilesConfig(filesConfig(source), root);
    return problems.map(({ code, path, message }) => [
      code,
      path,
      message.replaceAll(root, 'ROOT'),
    ]);
  };
  assert.deepEqual(await check({ inputs: ['a.jsonl', '*/*.jsonl', 'empty.jsonl'] }), []);
  assert.deepEqual(
    await check({ inputs: ['none.jsonl', 'a.jsonl', '*.tsv', 'folder', 'wide.csv'] }),
    [
      ['INPUT_UNREADABLE', 'source.inputs.0', 'There is no none.jsonl in ROOT.'],
      ['INPUT_UNREADABLE', 'source.inputs.2', 'No file in ROOT matches *.tsv.'],
      [
        'INPUT_UNREADABLE',
        'source.inputs.3',
        'folder is a folder. Name the files in it: "folder/*.jsonl".',
      ],
      ['INPUT_NOT_UTF8', 'source.inputs.4', 'ROOT/wide.csv is UTF-16. Save it as UTF-8.'],
    ],
  );
  const [[code] = []] = (await check({ inputs: ['o.json'], items: 'b' })) as string[][];
  assert.equal(code, 'INPUT_NO_LIST');
  assert.deepEqual(await check({ inputs: ['o.json'], items: 'a' }), []);
  const places = async (source: object): Promise<unknown[]> =>
    (await check({ inputs: ['a.jsonl'], ...source })).map((problem) =>
      (problem as string[]).slice(0, 2),
    );
  assert.deepEqual(await places({ items: 'a[0]' }), [['PATH_INVALID', 'source.items']]);
  assert.deepEqual(await places({ fields: { a: 'x[', b: '=$map(' } }), [
    ['PATH_INVALID', 'source.fields.a'],
    ['JSONATA_INVALID', 'source.fields.b'],
  ]);
  assert.deepEqual(await places({ fields: { a: 'x' }, sort: 'a' }), [
    ['FIELDS_CONTRADICT', 'source.sort'],
  ]);
  assert.deepEqual(await places({ fields: { a: 'x' }, onConflict: 'last' }), [
    ['FIELDS_CONTRADICT', 'source.onConflict'],
  ]);
});

test('what is read of the files is told, as it is on disk, and that it is one with parsing', async (t) => {
  const lines = Array.from({ length: 5000 }, (_, i) => JSON.stringify({ id: i })).join('\n');
  const packed = gzipSync(lines);
  const root = await folderWith(t, { 'a.jsonl': lines, 'b.jsonl.gz': packed });
  let bytes = 0;
  const meter = { ...unmetered, received: (count: number) => (bytes += count) };
  const source = open(t, root, { inputs: ['a.jsonl', 'b.jsonl.gz'] }, { meter });
  const entered = new Set<string>();
  const stages: StageWatch = { stage: 'fetch', enter: (stage) => entered.add(stage) };
  for (const [i, newUnit] of (await planAll(source)).entries()) {
    const unit = claim(newUnit, i + 1);
    for await (const page of source.collect(unit, { signal: never(), stages })) {
      page.items.length = 0;
    }
  }
  assert.equal(bytes, Buffer.byteLength(lines) + packed.length);
  assert.deepEqual([...entered], ['parse']);
});

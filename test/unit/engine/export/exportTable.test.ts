import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { parse } from 'csv-parse/sync';
import type { JobProgress } from '../../../../src/core/job.ts';
import { exportTable, type ExportResult } from '../../../../src/engine/export/exportTable.ts';
import { nodeFileSystem, type FileSystem } from '../../../../src/storage/fileSystem.ts';
import { never } from '../../../conformance/drive.ts';
import { makeScratchFolder, testPorts } from '../../../fixtures/storageSession.ts';

const lines = [
  '{"id":1,"name":"a, \\"b\\"\\nc","big":12345678901234567890,"n":1,"x":1.5,"ok":true,"tags":["u"]}',
  '{"id":9007199254740993,"name":null,"n":2.5,"x":null,"ok":false,"mixed":1,"__proto__":"p"}',
  'no record',
  '{"id":-3,"name":" ü ","n":3,"mixed":"one","tags":{"a":9007199254740993},"late":"\\r"}',
];

async function exported(
  t: TestContext,
  format: 'csv' | 'parquet',
  text = lines.join('\n'),
  fileSystem: FileSystem = nodeFileSystem,
): Promise<{ folder: string; output: string; result: ExportResult; progress: JobProgress[] }> {
  const folder = await makeScratchFolder(t);
  const [input, output] = [join(folder, 'in.jsonl'), join(folder, `out.${format}`)];
  await writeFile(input, text);
  const progress: JobProgress[] = [];
  const context = { signal: never(), onProgress: (at: JobProgress) => progress.push(at) };
  const request = { input, format, output };
  const result = await exportTable(testPorts(fileSystem), request, context);
  return { folder, output, result, progress };
}

test('CSV: every field in order of first sight, quoted where needed, JSON where nested', async (t) => {
  const { folder, output, result, progress } = await exported(t, 'csv');
  const text = await readFile(output, 'utf8');
  assert.deepEqual(parse(text, { record_delimiter: '\r\n' }), [
    ['id', 'name', 'big', 'n', 'x', 'ok', 'tags', 'mixed', '__proto__', 'late'],
    ['1', 'a, "b"\nc', '12345678901234567890', '1', '1.5', 'true', '["u"]', '', '', ''],
    ['9007199254740993', '', '', '2.5', '', 'false', '', '1', 'p', ''],
    ['-3', ' ü ', '', '3', '', '', '{"a":9007199254740993}', 'one', '', '\r'],
  ]);
  assert.deepEqual(result, { rows: 3, columns: 10, bytes: Buffer.byteLength(text), rejected: 1 });
  assert.deepEqual((await readdir(folder)).sort(), ['in.jsonl', 'out.csv']);
  assert.equal(progress.at(-1)?.done, progress.at(-1)?.total);
});

test('Parquet: types from all values, read back by another reader', async (t) => {
  const { output, result } = await exported(t, 'parquet');
  const file = await asyncBufferFromFile(output);
  const { schema } = await parquetMetadataAsync(file);
  assert.deepEqual(
    schema.slice(1).map(({ name, type }) => [name, type]),
    [
      ['id', 'INT64'],
      ['name', 'BYTE_ARRAY'],
      ['big', 'BYTE_ARRAY'],
      ['n', 'DOUBLE'],
      ['x', 'DOUBLE'],
      ['ok', 'BOOLEAN'],
      ['tags', 'BYTE_ARRAY'],
      ['mixed', 'BYTE_ARRAY'],
      ['__proto__', 'BYTE_ARRAY'],
      ['late', 'BYTE_ARRAY'],
    ],
  );
  const rows = await parquetReadObjects({
    file,
    columns: schema
      .slice(1)
      .map(({ name }) => name)
      .filter((name) => name !== '__proto__'),
  });
  const nothing = { big: null, x: null, ok: null, tags: null, mixed: null, late: null };
  assert.deepEqual(rows, [
    {
      ...nothing,
      id: 1n,
      name: 'a, "b"\nc',
      big: '12345678901234567890',
      n: 1,
      x: 1.5,
      ok: true,
      tags: '["u"]',
    },
    { ...nothing, id: 9007199254740993n, name: null, n: 2.5, ok: false, mixed: '1' },
    {
      ...nothing,
      id: -3n,
      name: ' ü ',
      n: 3,
      tags: '{"a":9007199254740993}',
      mixed: '"one"',
      late: '\r',
    },
  ]);
  assert.equal(result.rows, 3);
});

test('Parquet: many groups of rows', async (t) => {
  const count = 25_000;
  const text = Array.from({ length: count }, (_, i) => `{"i":${i},"t":"t${i % 7}"}`).join('\n');
  const { output } = await exported(t, 'parquet', text);
  const file = await asyncBufferFromFile(output);
  const { row_groups: groups } = await parquetMetadataAsync(file);
  assert.equal(groups.length, 3);
  const rows = await parquetReadObjects({ file });
  assert.equal(rows.length, count);
  for (const [i, row] of rows.entries()) {
    assert.deepEqual({ ...row }, { i: BigInt(i), t: `t${i % 7}` });
  }
});

test('one column with nothing in it is no blank line', async (t) => {
  const { output } = await exported(t, 'csv', '{"a":""}\n{"a":"x"}\n');
  assert.equal(await readFile(output, 'utf8'), 'a\r\n""\r\nx\r\n');
});

test('nothing is left of an export that is cancelled or fails', async (t) => {
  const folder = await makeScratchFolder(t);
  const input = join(folder, 'in.jsonl');
  const output = join(folder, 'out.csv');
  await writeFile(input, lines.join('\n'));
  for (const part of [1, 2]) {
    const controller = new AbortController();
    let pages = 0;
    const onProgress = (): void => {
      pages += 1;
      if (pages === part) controller.abort(new Error('cancelled'));
    };
    const context = { signal: controller.signal, onProgress };
    const request = { input, format: 'csv', output } as const;
    await assert.rejects(exportTable(testPorts(), request, context), { message: 'cancelled' });
    assert.deepEqual(await readdir(folder), ['in.jsonl']);
  }
  const full: FileSystem = {
    ...nodeFileSystem,
    open: async (path, mode) => {
      const file = await nodeFileSystem.open(path, mode);
      return Object.assign(Object.create(file) as typeof file, {
        close: () => file.close(),
        datasync: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
        write: (bytes: Uint8Array, position: number | null) => file.write(bytes, position),
      });
    },
  };
  const context = { signal: never(), onProgress: () => undefined };
  const request = { input, format: 'csv', output } as const;
  await assert.rejects(exportTable(testPorts(full), request, context), { code: 'ENOSPC' });
  assert.deepEqual(await readdir(folder), ['in.jsonl']);
});

test('what can not be exported', async (t) => {
  const folder = await makeScratchFolder(t);
  const context = { signal: never(), onProgress: () => undefined };
  await writeFile(join(folder, 'empty.jsonl'), 'none\n{}\n');
  await writeFile(join(folder, 'a.jsonl'), '{"a":1}\n');
  await writeFile(join(folder, 'taken.csv'), 'mine');
  const cases = [
    ['NOTHING_TO_EXPORT', 'empty.jsonl', 'out.csv'],
    ['OUTPUT_EXISTS', 'a.jsonl', 'taken.csv'],
    ['INPUT_UNREADABLE', 'none.jsonl', 'out.csv'],
  ] as const;
  for (const [code, input, output] of cases) {
    const request = {
      input: join(folder, input),
      format: 'csv',
      output: join(folder, output),
    } as const;
    await assert.rejects(exportTable(testPorts(), request, context), { code });
  }
  assert.equal(await readFile(join(folder, 'taken.csv'), 'utf8'), 'mine');
});

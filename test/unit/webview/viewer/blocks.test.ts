import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordRow } from '../../../../src/core/records.ts';
import { blockAt, Blocks } from '../../../../webview/viewer/blocks.ts';
import { Columns, maxColumns } from '../../../../webview/viewer/columns.ts';

const row = (record: number, cells: RecordRow['cells'] = []): RecordRow => ({
  record,
  bytes: 1,
  kind: 'object',
  text: '',
  cells,
});

/** A file of rows that gives at most so many at once. */
function server(atMost: number) {
  const asked: (readonly [number, number])[] = [];
  let changed: () => void = () => undefined;
  const blocks = new Blocks(
    (first, count) => {
      asked.push([first, count]);
      const rows = Array.from({ length: Math.min(count, atMost) }, (_, i) => row(first + i));
      return Promise.resolve({ generation: '', rows });
    },
    () => {
      changed();
    },
  );
  const nextChange = () =>
    new Promise<void>((resolve) => {
      changed = resolve;
    });
  return { blocks, asked, nextChange };
}

test('rows are asked for in blocks, once; blocks that came short are filled up', async () => {
  const { blocks, asked, nextChange } = server(30);
  const change = nextChange();
  blocks.want(10, 40, 70);
  blocks.want(10, 40, 70);
  await change;
  assert.deepEqual(asked, [[0, 50]]);
  assert.deepEqual([blocks.get(29)?.record, blocks.get(30)], [29, undefined]);
  blocks.want(10, 40, 70);
  await nextChange();
  assert.deepEqual(asked.at(-1), [30, 20]);
  assert.equal(blocks.get(49)?.record, 49);
  blocks.want(0, 70, 70);
  await nextChange();
  assert.deepEqual(asked.at(-1), [50, 20]);
  blocks.want(0, 70, 70);
  assert.equal(asked.length, 3);

  // One that came by itself is not asked for.
  assert.deepEqual(blockAt(99), { first: 50, count: 50 });
  blocks.take(100, [row(100), row(101)]);
  blocks.want(100, 102, 102);
  assert.equal(asked.length, 3);
  assert.equal(blocks.get(101)?.record, 101);

  // The last one may have grown.
  blocks.forget(69);
  assert.deepEqual([blocks.get(68)?.record, blocks.get(69)], [68, undefined]);
});

test('a page keeps some blocks only, and what comes after it was emptied is not kept', async () => {
  const { blocks, asked, nextChange } = server(50);
  for (let first = 0; first < 50_000; first += 50) {
    const change = nextChange();
    blocks.want(first, first + 1, 50_000);
    await change;
  }
  let kept = 0;
  for (let n = 0; n < 50_000; n += 50) if (blocks.get(n)) kept += 1;
  assert.equal(kept, 40);
  assert.equal(asked.length, 1000);
  blocks.want(0, 1, 50_000);
  blocks.clear();
  await new Promise(setImmediate);
  assert.equal(blocks.get(0), undefined);
});

test('columns are the fields in the order in which they were met; a hundred fields are too many', () => {
  const columns = new Columns();
  const cell = (field: string, text: string, type: 'string' | 'number' | 'null' = 'string') => ({
    field,
    text,
    type,
  });
  assert.equal(columns.meet(row(0, [cell('id', '1', 'number'), cell('title', 'A')])), true);
  assert.equal(columns.meet(row(0, [cell('id', '1', 'number')])), false);
  assert.equal(columns.meet(row(1, [cell('id', '', 'null'), cell('url', 'x'.repeat(500))])), true);
  assert.deepEqual(
    columns.list.map(({ field, isNumeric }) => [field, isNumeric]),
    [
      ['id', true],
      ['title', false],
      ['url', false],
    ],
  );
  assert.ok(columns.list.every(({ width }) => width >= 6 && width <= 44));
  columns.meet(
    row(
      2,
      Array.from({ length: 200 }, (_, i) => cell(`field ${i}`, '')),
    ),
  );
  assert.deepEqual([columns.list.length, columns.hasMore], [maxColumns, true]);
  columns.clear();
  assert.equal(columns.list.length, 0);
});

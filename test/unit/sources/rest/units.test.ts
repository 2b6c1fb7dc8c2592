import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { isSafeFileName } from '../../../../src/core/names.ts';
import { silentLogger } from '../../../../src/core/ports.ts';
import type { NewUnit } from '../../../../src/core/unit.ts';
import { planUnits } from '../../../../src/sources/rest/units.ts';
import { never } from '../../../conformance/drive.ts';
import { restConfig } from './restBench.ts';

const begin = (source: object): AsyncGenerator<NewUnit, void, void> =>
  planUnits(
    restConfig({ url: 'http://api.example:8080/{a}', ...source }),
    { root: tmpdir(), logger: silentLogger },
    never(),
  );
async function plan(source: object): Promise<NewUnit[]> {
  const units: NewUnit[] = [];
  for await (const unit of begin(source)) units.push(unit);
  return units;
}

test('one unit and group for every combination, the first name changing slowest', async () => {
  const units = await plan({
    for: { a: ['iclr', 'icml'], b: [2023, 2024] },
    url: 'https://x.example/',
  });
  assert.deepEqual(
    units.map(({ key, group, lane }) => [key, group, lane]),
    [
      ['{"a":"iclr","b":2023}', 'iclr_2023', 'x.example'],
      ['{"a":"iclr","b":2024}', 'iclr_2024', 'x.example'],
      ['{"a":"icml","b":2023}', 'icml_2023', 'x.example'],
      ['{"a":"icml","b":2024}', 'icml_2024', 'x.example'],
    ],
  );
  assert.deepEqual(units[1]!.input, { for: { a: 'iclr', b: 2024 } });
});

test('without combinations there is one unit, called after its URL and host', async () => {
  const url = 'http://api.example:8080/x?key=${secret:K}';
  assert.deepEqual(await plan({ url }), [
    { key: url, lane: 'api.example:8080', group: 'api.example_8080', input: { for: {} } },
  ]);
});

test('the order of names does not change a key', async () => {
  const keys = async (names: object): Promise<string[]> => {
    const units = await plan({ for: names, url: 'http://x.example/' });
    return units.map((unit) => unit.key);
  };
  assert.deepEqual(await keys({ a: [1], b: [2] }), await keys({ b: [2], a: [1] }));
});

test('the host may differ from unit to unit', async () => {
  const units = await plan({ for: { a: ['one', 'two'] }, url: 'https://{a}.example:444/' });
  assert.deepEqual(
    units.map((unit) => unit.lane),
    ['one.example:444', 'two.example:444'],
  );
});

test('groups are file names, each combination has its own, and the same every time', async () => {
  const source = {
    for: {
      a: ['a/b', 'a_b', 'A_B', 'x', 'x_y', '..', 'con', 1, '1', 'ü', 'l'.repeat(200)],
      b: ['y_z', 'z', '', 'l'.repeat(200)],
    },
  };
  const units = await plan(source);
  assert.equal(units.length, 44);
  const names = new Set(units.map((unit) => unit.group.toLowerCase()));
  assert.equal(names.size, 44, 'where case does not count, too');
  for (const { group } of units) assert.ok(isSafeFileName(group), group);
  assert.equal(new Set(units.map((unit) => unit.key)).size, 44);
  assert.deepEqual(await plan(source), units);
});

test('a value given twice makes the same unit', async () => {
  const [first, second] = await plan({ for: { a: ['x', 'x'] } });
  assert.equal(first!.key, second!.key);
});

test('combinations come one at a time: millions of them are no trouble', async () => {
  const many = Array.from({ length: 1000 }, (_, n) => n);
  const units = begin({ url: 'http://x.example/', for: { a: many, b: many, c: many, d: many } });
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 1000; n++) await units.next();
  assert.ok(process.memoryUsage().heapUsed - before < 20 * 1024 * 1024);
});

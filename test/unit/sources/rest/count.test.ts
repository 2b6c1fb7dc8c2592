import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import { silentLogger } from '../../../../src/core/ports.ts';
import { claim, never, throughJson } from '../../../conformance/drive.ts';
import { failure, serve } from '../http/httpBench.ts';
import { answer, onlyUnit, openRest, readAll, things } from './restBench.ts';

/** Ten things in pages of four; `total` is what the API says, by the number of the request. */
function api(total: (nth: number) => unknown, count = 10): ReturnType<typeof answer> {
  return answer(({ query, nth }) => {
    const offset = Number(query.get('offset'));
    return { list: things(offset, Math.min(4, count - offset)), meta: { total: total(nth) } };
  });
}

const sourceOf = (url: string, more: object = {}): object => ({
  url,
  items: 'list',
  paginate: { type: 'offset' },
  total: 'meta.total',
  ...more,
});

test('counts that agree are part of the proof', async (t) => {
  for (const total of [10, '10', ' 10 ']) {
    const server = await serve(t, { '/x': api(() => total) });
    const read = await readAll(openRest(t, sourceOf(server.url('/x'))));
    assert.deepEqual(read.end, { by: 'empty page', expected: 10 });
    assert.equal(server.count(), 4);
  }
});

test('the total may come in a header', async (t) => {
  const server = await serve(t, {
    '/x': answer(
      () => ({ list: things(0, 3) }),
      () => ({ 'x-total-count': '3' }),
    ),
  });
  const more = { paginate: { type: 'none' }, total: 'header:X-Total-Count' };
  const read = await readAll(openRest(t, sourceOf(server.url('/x'), more)));
  assert.deepEqual(read.end, { by: 'one page', expected: 3 });
});

test('a total on the first page only is remembered, also over a resume', async (t) => {
  const server = await serve(t, { '/x': api((nth) => (nth === 1 ? 10 : undefined)) });
  const read = await readAll(openRest(t, sourceOf(server.url('/x'))));
  assert.deepEqual(read.end, { by: 'empty page', expected: 10 });
  const rest = await readAll(openRest(t, sourceOf(server.url('/x'))), read.pages[1]!.cursor);
  assert.deepEqual(rest.end, { by: 'empty page', expected: 10 });
});

test('the newest total counts: the data grew while it was paged', async (t) => {
  const server = await serve(t, { '/x': api((nth) => (nth === 1 ? 8 : 10)) });
  const read = await readAll(openRest(t, sourceOf(server.url('/x'))));
  assert.deepEqual(read.end, { by: 'empty page', expected: 10 });
});

test('counts that differ: the unit is begun again once, and is done when they agree then', async (t) => {
  const server = await serve(t, { '/x': api((nth) => (nth <= 4 ? 12 : 10)) });
  const read = await readAll(openRest(t, sourceOf(server.url('/x'))));
  assert.deepEqual(read.end, { by: 'empty page', expected: 10 });
  assert.equal(read.values.length, 20);
  assert.equal(server.count(), 8);
  assert.equal(read.pages.filter((page) => page.end !== undefined).length, 1);

  // A resume after the restart is no second restart.
  const restarted = read.pages[3]!;
  assert.deepEqual(restarted.items, []);
  const before = server.count();
  const rest = await readAll(openRest(t, sourceOf(server.url('/x'))), restarted.cursor);
  assert.equal(rest.values.length, 10);
  assert.equal(server.count() - before, 4);
});

test('counts that stay different fail the unit, with both numbers', async (t) => {
  for (const total of [12, 9, 0]) {
    const server = await serve(t, { '/x': api(() => total) });
    const error = await failure(
      readAll(openRest(t, sourceOf(server.url('/x')))),
      UnitFailedError,
      'COUNT_MISMATCH',
    );
    assert.equal(server.count(), 8);
    assert.match(error.message, new RegExp(`${total} items.*10 came.*totalIsExact`));
    assert.equal(error.data['expected'], total);
    assert.equal(error.data['received'], 10);
  }
});

test('a resume after the restart is no leave to begin again once more', async (t) => {
  const server = await serve(t, { '/x': api(() => 12) });
  const source = openRest(t, sourceOf(server.url('/x')));
  const pages = source.collect(claim(await onlyUnit(source), 1), { signal: never() });
  let cursor: JsonValue | undefined;
  for (let n = 0; n < 4; n++) cursor = (await pages.next()).value?.cursor;
  await pages.return();
  assert.equal(server.count(), 4);
  const resumed = readAll(openRest(t, sourceOf(server.url('/x'))), throughJson(cursor ?? null));
  await failure(resumed, UnitFailedError, 'COUNT_MISMATCH');
  assert.equal(server.count(), 8);
});

test('a list that is cut short at one page is not taken for the whole', async (t) => {
  const server = await serve(t, {
    '/x': answer(() => ({ list: things(0, 5), meta: { total: 9 } })),
  });
  const read = readAll(openRest(t, sourceOf(server.url('/x'), { paginate: { type: 'none' } })));
  await failure(read, UnitFailedError, 'COUNT_MISMATCH');
});

test('an estimate only warns', async (t) => {
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (fields: unknown) => warnings.push(fields) };
  const server = await serve(t, { '/x': api(() => 11) });
  const more = { totalIsExact: false };
  const read = await readAll(openRest(t, sourceOf(server.url('/x'), more), { logger }));
  assert.deepEqual(read.end, { by: 'empty page', expected: 11 });
  assert.equal(server.count(), 4);
  assert.equal(warnings.length, 1);
});

test('a total that is never stated fails the unit, without paging a second time', async (t) => {
  for (const total of [undefined, null, 'many', 1.5, -1]) {
    const server = await serve(t, { '/x': api(() => total) });
    const work = readAll(openRest(t, sourceOf(server.url('/x'))));
    const error = await failure(work, UnitFailedError, 'COUNT_MISSING');
    assert.match(error.message, /meta\.total/);
    assert.equal(server.count(), 4);
  }
});

test('nothing at all needs no total', async (t) => {
  const server = await serve(t, { '/x': api(() => undefined, 0) });
  const read = await readAll(openRest(t, sourceOf(server.url('/x'))));
  assert.deepEqual(read.end, { by: 'empty page' });
});

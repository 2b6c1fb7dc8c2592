import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import { LoopGuard } from '../../../../src/sources/rest/loopGuard.ts';
import { claim, never, throughJson } from '../../../conformance/drive.ts';
import { json } from '../../../fixtures/answers.ts';
import { failure, serve } from '../http/httpBench.ts';
import { answer, onlyUnit, openRest, readAll, things } from './restBench.ts';

/** APIs that never end by themselves: how they page, what they answer, and after how many requests that is noticed. */
const endless: readonly (readonly [
  string,
  object,
  Parameters<typeof answer>[0],
  Parameters<typeof answer>[1] | undefined,
  number,
])[] = [
  ['the page number is ignored', { type: 'page' }, () => ({ list: things(0, 3) }), undefined, 2],
  ['the offset is ignored', { type: 'offset' }, () => ({ list: things(0, 3) }), undefined, 2],
  ['one item, again and again', { type: 'page' }, () => ({ list: [{ id: 1 }] }), undefined, 2],
  [
    'after the last page comes the last page',
    { type: 'page' },
    ({ query }) => ({ list: things(Math.min(4, Number(query.get('page'))), 3) }),
    undefined,
    5,
  ],
  [
    'after the last page comes the first',
    { type: 'page' },
    ({ query }) => ({ list: things(Number(query.get('page')) % 3, 3) }),
    undefined,
    6,
  ],
  [
    'the key is ignored',
    { type: 'keyset', param: 'after', from: 'list[-1].id' },
    () => ({ list: things(0, 3) }),
    undefined,
    2,
  ],
  [
    'the cursor stays the same, with other items each time',
    { type: 'cursor', from: 'next' },
    ({ nth }) => ({ list: things(nth, 2), next: 'same' }),
    undefined,
    2,
  ],
  [
    'cursors go round',
    { type: 'cursor', from: 'next' },
    ({ nth }) => ({ list: things(nth, 2), next: `c${nth % 4}` }),
    undefined,
    5,
  ],
  [
    'cursors go round on empty pages',
    { type: 'cursor', from: 'next' },
    ({ nth }) => ({ list: [], next: `c${nth % 4}` }),
    undefined,
    5,
  ],
  [
    'the header stays the same',
    { type: 'header', header: 'x-next' },
    ({ nth }) => ({ list: things(nth, 2) }),
    () => ({ 'x-next': 'a' }),
    2,
  ],
  [
    'the link leads to itself',
    { type: 'link' },
    ({ nth }) => ({ list: things(nth, 2) }),
    () => ({ link: '</x?at=1>; rel=next' }),
    2,
  ],
  [
    'there is always a next URL, and always the same page',
    { type: 'next', from: 'next' },
    ({ nth }) => ({ list: things(0, 2), next: `/x?at=${nth}` }),
    undefined,
    2,
  ],
  [
    'continue stays the same, in another order',
    { type: 'continue' },
    ({ nth }) => ({
      list: things(nth, 2),
      continue: nth % 2 === 0 ? { a: 1, b: 2 } : { b: 2, a: 1 },
    }),
    undefined,
    2,
  ],
];

for (const [name, paginate, body, headers, requests] of endless) {
  test(`${name}: the unit fails`, async (t) => {
    const server = await serve(t, { '/x': answer(body, headers) });
    const source = openRest(t, { url: server.url('/x'), items: 'list', paginate });
    const error = await failure(readAll(source), UnitFailedError, 'PAGINATION_LOOP');
    assert.match(error.message, /in circles.*source\.paginate/);
    assert.equal(server.count(), requests);
  });
}

test('a circle is noticed though every page is read by another process', async (t) => {
  for (const paginate of [{ type: 'cursor', from: 'next' }, { type: 'page' }]) {
    // Ten cursors, or ten pages, that come round: each page is collected by a source of its own.
    const server = await serve(t, {
      '/x': answer(({ query }) => {
        const at = Number(query.get('cursor') ?? query.get('page') ?? 0) % 10;
        return { list: things(at * 2, 2), next: ((at + 1) % 10) + 1 };
      }),
    });
    const config = { url: server.url('/x'), items: 'list', paginate };
    let cursor: JsonValue | undefined;
    const work = async (): Promise<void> => {
      for (let n = 0; n < 100; n++) {
        const source = openRest(t, config);
        const unit = claim(await onlyUnit(source), 1, cursor);
        const pages = source.collect(unit, { signal: never() });
        const { value } = await pages.next();
        await pages.return();
        await source.close();
        cursor = throughJson(value?.cursor ?? null);
        assert.ok(JSON.stringify(cursor).length < 300, 'the cursor does not grow');
      }
    };
    await failure(work(), UnitFailedError, 'PAGINATION_LOOP');
    assert.ok(server.count() <= 40, String(server.count()));
  }
});

test('pages of one item may be equal, as long as they are no neighbours', async (t) => {
  const list = ['a', 'b', 'a', 'c', 'a', 'b', 'a', 'b'];
  const server = await serve(t, {
    '/x': answer(({ query }) => ({
      list: list.slice(Number(query.get('offset')), Number(query.get('offset')) + 1),
    })),
  });
  const source = openRest(t, {
    url: server.url('/x'),
    items: 'list',
    paginate: { type: 'offset' },
  });
  assert.deepEqual((await readAll(source)).values, list);
});

test('what belongs to one item may come in parts, as with MediaWiki', async (t) => {
  const server = await serve(t, {
    '/x': answer(({ nth }) => ({
      list: [{ title: 'A' }],
      ...(nth < 4 ? { continue: { more: nth } } : {}),
    })),
  });
  const source = openRest(t, {
    url: server.url('/x'),
    items: 'list',
    paginate: { type: 'continue' },
  });
  assert.equal((await readAll(source)).values.length, 4);
});

test('a long paging without a circle is none', () => {
  let guard = LoopGuard.fromJson(undefined);
  for (let n = 0; n < 30_000; n++) {
    assert.equal(guard.comesBackTo(`c${n}`), false);
    assert.equal(guard.repeatsPage([n, n + 1]), false);
    if (n % 7000 === 0) guard = LoopGuard.fromJson(throughJson(guard.toJson()));
  }
  assert.ok(JSON.stringify(guard.toJson()).length < 200);
});

test('of pages that are alike, the first item, the last one and the number tell them apart', () => {
  for (const size of [1, 2, 7, 8, 9, 50, 1001]) {
    const guard = LoopGuard.fromJson(undefined);
    const page = things(0, size);
    assert.equal(guard.repeatsPage(page), false);
    assert.equal(guard.repeatsPage([...page.slice(0, -1), { id: -1 }]), false, `last of ${size}`);
    assert.equal(guard.repeatsPage([{ id: -1 }, ...page.slice(1, -1), { id: -2 }]), false);
    assert.equal(guard.repeatsPage([...page, page.at(-1)!]), false, `number of ${size}`);
    assert.equal(guard.repeatsPage([...page, page.at(-1)!]), true, `${size}`);
  }
  const guard = LoopGuard.fromJson(undefined);
  for (let at = 0; at < 8; at++) {
    const page = things(0, 8).map((thing) => (thing.id === at ? { id: 99 } : thing));
    assert.equal(guard.repeatsPage(page), false, 'small pages are compared whole');
  }
});

test('every circle is noticed, wherever it begins and however long it is', () => {
  for (const lead of [0, 1, 7, 100]) {
    for (const length of [1, 2, 3, 10, 97]) {
      let guard = LoopGuard.fromJson(undefined);
      let n = 0;
      const at = (): number => (n < lead ? n : lead + ((n - lead) % length));
      while (!guard.comesBackTo(at())) {
        n += 1;
        assert.ok(n < 4 * (lead + length) + 4, `lead ${lead}, length ${length}`);
        // Only what survives a resume is kept.
        guard = LoopGuard.fromJson(throughJson(guard.toJson()));
      }
      assert.ok(n >= lead + length, 'too early');
    }
  }
});

test('empty pages are no repetition', async (t) => {
  const server = await serve(t, {
    '/x': answer(({ nth }) => ({ list: [], next: nth < 5 ? nth : null })),
  });
  const paginate = { type: 'cursor', from: 'next' };
  const source = openRest(t, { url: server.url('/x'), items: 'list', paginate });
  assert.deepEqual((await readAll(source)).end, { by: 'no next cursor' });
});

test('one page is no circle', async (t) => {
  const server = await serve(t, { '/x': json([1, 1, 1]) });
  assert.deepEqual((await readAll(openRest(t, { url: server.url('/x') }))).values, [1, 1, 1]);
});

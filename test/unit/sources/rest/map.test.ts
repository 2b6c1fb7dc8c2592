import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileFields } from '../../../../src/sources/rest/fields.ts';
import { claim, planAll, throughJson } from '../../../conformance/drive.ts';
import { json } from '../../../fixtures/answers.ts';
import { serve } from '../http/httpBench.ts';
import { openRest, readAll, recordsOf } from './restBench.ts';

const items = [
  { id: 1, content: { title: { value: 'T' } }, authors: [{ name: 'A' }, { name: 'B' }] },
  { id: 2, content: null, authors: [] },
];

test('fields are paths, expressions and facts; what is missing is null', async (t) => {
  const server = await serve(t, { '/x': json(items) });
  const source = openRest(t, {
    url: server.url('/x'),
    for: { venue: ['iclr'], year: [2024] },
    fields: {
      id: 'id',
      title: 'content.title.value',
      last: 'authors[-1].name',
      names: "=$join(authors.name, ', ')",
      label: '=$for.venue & $string($for.year) & " " & $string($status)',
      from: '=$url & " " & $fetchedAt',
      whole: '',
      venue: { from: 'for.venue' },
      year: { from: 'for.year' },
      url: { from: 'url' },
      status: { from: 'status' },
      fetchedAt: { from: 'fetchedAt' },
      constructor: 'id',
    },
  });
  const [unit] = await planAll(source);
  const claimed = claim(unit!, 1);
  const { pages } = await readAll(source);
  const [first, second] = pages[0]!.items;
  const { fetchedAt } = first!.facts;
  assert.ok(!Number.isNaN(Date.parse(fetchedAt)));
  assert.deepEqual(await source.map(first!, claimed), {
    id: 1,
    title: 'T',
    last: 'B',
    names: 'A, B',
    label: 'iclr2024 200',
    from: `${server.url('/x')} ${fetchedAt}`,
    whole: items[0],
    venue: 'iclr',
    year: 2024,
    url: server.url('/x'),
    status: 200,
    fetchedAt,
    constructor: 1,
  });
  const other = await source.map(second!, claimed);
  assert.equal(other['title'], null);
  assert.equal(other['last'], null);
  assert.equal(other['names'], null);
  assert.deepEqual(source.provenance(first!), { url: server.url('/x'), fetchedAt });
});

test('plain fields are mapped at once, without a promise', async (t) => {
  const server = await serve(t, { '/x': json(items) });
  const source = openRest(t, { url: server.url('/x'), fields: { id: 'id', url: { from: 'url' } } });
  const [unit] = await planAll(source);
  const { pages } = await readAll(source);
  const record = source.map(pages[0]!.items[0]!, claim(unit!, 1));
  assert.ok(!(record instanceof Promise));
  assert.equal(record['id'], 1);
});

test('a field may be called __proto__', async () => {
  const read = compileFields(
    JSON.parse('{"__proto__": "id", "=": "=id"}') as Record<string, string>,
  );
  const facts = { url: '', fetchedAt: '', status: 200 };
  const record = await read({ value: { id: 1 }, facts }, {});
  assert.equal(JSON.stringify(record), '{"__proto__":1,"=":1}');
});

test('without fields the item is the record, and what is no object becomes one', async (t) => {
  const server = await serve(t, { '/x': json([{ a: 1 }, 5, 'x', null, [1, 2]]) });
  assert.deepEqual(await recordsOf(openRest(t, { url: server.url('/x') })), [
    { a: 1 },
    { value: 5 },
    { value: 'x' },
    { value: null },
    { value: [1, 2] },
  ]);
});

test('an expression that fails rejects that record alone', async (t) => {
  const server = await serve(t, { '/x': json([{ n: 'x' }, { n: 2 }]) });
  const source = openRest(t, {
    url: server.url('/x'),
    fields: { a: 'n', n: '=n * 2', m: '=$uppercase(n)' },
  });
  const [unit] = await planAll(source);
  const { pages } = await readAll(source);
  for (const item of pages[0]!.items)
    await assert.rejects(async () => source.map(item, claim(unit!, 1)), /"?(\*|uppercase)/);
});

test('big integers survive expressions and the raw file', async (t) => {
  const server = await serve(t, {
    '/x': (_request, response) => {
      response.end('[{"id":12345678901234567890,"deep":{"id":98765432109876543210}}]');
    },
  });
  const source = openRest(t, {
    url: server.url('/x'),
    fields: { id: 'id', deep: '=deep.id', text: '=$string(id)', all: '=deep' },
  });
  const [unit] = await planAll(source);
  const claimed = claim(unit!, 1);
  const item = (await readAll(source)).pages[0]!.items[0]!;
  const again = source.fromRaw(throughJson(source.toRaw(item)), claimed);
  for (const one of [item, again]) {
    assert.equal(
      JSON.stringify(await source.map(one, claimed)),
      '{"id":12345678901234567890,"deep":98765432109876543210,' +
        '"text":"12345678901234567890","all":{"id":98765432109876543210}}',
    );
    assert.deepEqual(source.provenance(one), source.provenance(item));
  }
});

test('mapping leaves the item as it is', async (t) => {
  const server = await serve(t, { '/x': json(items) });
  const source = openRest(t, {
    url: server.url('/x'),
    fields: { changed: '=$ ~> | authors | {"name": "X"} |', whole: '' },
  });
  const [first] = await recordsOf(source);
  assert.deepEqual(first!['whole'], items[0]);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'jsonc-parser';
import {
  addressOf,
  answerProblem,
  makeCollection,
  nameOfAddress,
  templateFields,
  templateKey,
  templateLimit,
  type NewCollectionChoices,
} from '../../../src/core/newCollection.ts';
import type { AddressLook } from '../../../src/core/picker.ts';
import { templates, type Template } from '../../../src/core/templates.ts';
import { loadCollection } from '../../../src/engine/loadCollection.ts';
import { makeWorkspace } from '../../fixtures/workspace.ts';

const folder = path.resolve(import.meta.dirname, '../../../media/templates');
const textOf = (template: Template): string =>
  readFileSync(path.join(folder, `${template.name}.collect.json`), 'utf8');
const find = (name: string): Template => templates.find((one) => one.name === name)!;

const pageLook: AddressLook = {
  url: 'https://shop.test/list',
  title: 'Shop',
  items: '.product',
  count: 20,
  fields: [
    { name: 'title', field: 'h3 a', sample: '"x"' },
    { name: 'url', field: { select: 'h3 a', attr: 'href', as: 'url' }, sample: '"x"' },
    { name: 'price', field: { select: '.price', as: 'number' }, sample: '1' },
  ],
  key: ['url'],
  paginate: null,
  follow: ['.next a'],
};
const apiLook: AddressLook = {
  ...pageLook,
  url: 'https://api.test/things?page=1&q=x',
  items: 'data.things',
  fields: [
    { name: 'id', field: 'id', sample: '1' },
    { name: 'user_login', field: 'user.login', sample: '"x"' },
  ],
  key: ['id'],
  paginate: { type: 'page', param: 'page' },
  follow: [],
};

/** Everything that a person may choose, for a template: with and without each. */
function choicesFor(template: Template): NewCollectionChoices[] {
  const { asks } = template;
  const names = templateFields(textOf(template));
  const look = asks?.kind === 'page' ? pageLook : asks?.kind === 'api' ? apiLook : undefined;
  const answers = [undefined, '', ...(asks === undefined ? [] : [asks.example])];
  const looks = [
    undefined,
    ...(look === undefined ? [] : [look, { ...look, items: null, paginate: null }]),
  ];
  const fieldChoices = (of: AddressLook | undefined): (readonly string[] | undefined)[] => {
    const all = of === undefined ? names : of.fields.map(({ name }) => name);
    return [undefined, all, all.slice(0, 1), all.slice(-1), []];
  };
  const limits = [
    undefined,
    { target: 100, maxRequests: 50, maxMinutes: 10, maxUsd: 2.5 },
    { target: null, maxRequests: null, maxMinutes: null },
  ];
  return answers.flatMap((answer) =>
    looks
      .filter((one) => one === undefined || (answer ?? '') !== '')
      .flatMap((one) =>
        fieldChoices(one).flatMap((fields) =>
          [undefined, [], fields?.slice(0, 1) ?? []].flatMap((key) =>
            limits.map((limit) => ({
              name: 'my-own.1',
              ...(answer === undefined ? {} : { answer }),
              ...(one === undefined ? {} : { look: one }),
              ...(fields === undefined ? {} : { fields }),
              ...(key === undefined ? {} : { key }),
              ...(limit === undefined ? {} : { limits: limit }),
            })),
          ),
        ),
      ),
  );
}

for (const template of templates) {
  test(`${template.name}: whatever is chosen, the file is valid and has its comments`, async (t) => {
    const file = path.join(await makeWorkspace(t), 'my-own.1.collect.json');
    const text = textOf(template);
    const all = choicesFor(template);
    assert.ok(all.length >= 18);
    const made = new Set<string>();
    for (const choices of all) {
      const now = makeCollection(template, text, choices);
      made.add(now);
      assert.equal(
        now.split('\n').some((line) => /\s$/.test(line)),
        false,
        now,
      );
      assert.ok((now.match(/^\s*\/\/.*$/gm)?.length ?? 0) >= 6, now);
      const { limits } = parse(now) as { limits?: { target?: number } };
      assert.equal(
        limits?.target,
        choices.limits?.target ??
          (choices.limits === undefined ? templateLimit(text, 'target') : undefined),
      );
    }
    for (const now of made) {
      await writeFile(file, now);
      const collection = await loadCollection(file).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${now}`);
      });
      assert.equal(collection.name, 'my-own.1');
    }
  });
}

const sourceOf = (text: string) => (parse(text) as { source: Record<string, unknown> }).source;

test('a site that was looked at: start, items, fields and the way on are what was found', () => {
  const template = find('books');
  const text = makeCollection(template, textOf(template), {
    name: 'shop',
    answer: 'shop.test/list',
    look: pageLook,
    fields: ['title', 'url'],
    key: ['url'],
    limits: { target: 500 },
  });
  const { start, items, follow, fields } = sourceOf(text);
  assert.deepEqual(start, ['https://shop.test/list']);
  assert.deepEqual([items, follow], ['.product', ['.next a']]);
  assert.deepEqual(fields, { title: 'h3 a', url: { select: 'h3 a', attr: 'href', as: 'url' } });
  assert.match(text, /\/\/ Links to follow, as CSS selectors/);
  assert.match(text, /\/\/ One record for each match.*\n *"items"/);
});

test('an address that nobody has looked at: one record per page, nothing of the sample', () => {
  for (const name of ['books', 'quotes']) {
    const template = find(name);
    const source = sourceOf(
      makeCollection(template, textOf(template), { name, answer: 'https://a.test/' }),
    );
    assert.deepEqual(source['start'], ['https://a.test/']);
    assert.deepEqual(source['fields'], { title: 'h1', url: { from: 'url' } });
    assert.equal(source['items'], undefined);
    assert.deepEqual(source['follow'], []);
  }
});

test('an API that was looked at: its list, fields and paging', () => {
  const template = find('generic');
  const choices = { name: 'x', answer: 'https://api.test/things?page=1&q=x', look: apiLook };
  const source = sourceOf(makeCollection(template, textOf(template), choices));
  assert.equal(source['url'], 'https://api.test/things?q=x');
  assert.deepEqual(source['paginate'], { type: 'page', param: 'page' });
  assert.deepEqual([source['items'], source['query']], ['data.things', undefined]);
  assert.deepEqual(source['fields'], { id: 'id', user_login: 'user.login' });
});

test('each answer goes where it belongs', () => {
  const made = (name: string, answer: string) =>
    sourceOf(makeCollection(find(name), textOf(find(name)), { name, answer }));
  assert.equal(
    made('wordpress', 'blog.test/news/')['url'],
    'https://blog.test/news/wp-json/wp/v2/{type}',
  );
  assert.equal(
    made('wordpress', 'https://b.test/wp-json/wp/v2/posts')['url'],
    'https://b.test/wp-json/wp/v2/{type}',
  );
  const github = made('github', 'a/b, https://github.com/a/c.git');
  assert.deepEqual(github['for'], { repository: ['b', 'c'] });
  assert.equal(github['url'], 'https://api.github.com/repos/a/{repository}/issues');
  assert.deepEqual((made('mediawiki', 'A, B C ,')['for'] as { category: unknown }).category, [
    'A',
    'B C',
  ]);
  assert.deepEqual((made('semantic-scholar', '"a" + b, c')['for'] as { search: unknown }).search, [
    '"a" + b, c',
  ]);
  assert.deepEqual(made('consolidate', 'a.csv, b/*.jsonl')['inputs'], ['a.csv', 'b/*.jsonl']);
});

test('addresses are taken as they were meant', () => {
  const meant: [string, string | undefined][] = [
    ['example.com/books', 'https://example.com/books'],
    [' https://Example.com/a#top ', 'https://example.com/a'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/'],
    ['127.0.0.1:8080/x', 'http://127.0.0.1:8080/x'],
    ['localhost:3000', 'http://localhost:3000/'],
    ['https://a.test/x?q={y}', 'https://a.test/x?q=%7By%7D'],
    ['ftp://a.test/', undefined],
    ['javascript:alert(1)', undefined],
    ['books', undefined],
    ['a b.test', undefined],
    ['https://me:pw@a.test/', undefined],
    ['', undefined],
  ];
  for (const [typed, address] of meant) assert.equal(addressOf(typed), address, typed);
});

test('names are proposed from the host', () => {
  const names: [string, string | undefined][] = [
    ['https://www.books.toscrape.com/x', 'books-toscrape'],
    ['https://example.com/', 'example'],
    ['http://127.0.0.1:8080/', '127-0-0-1'],
    ['http://localhost:1/', 'localhost'],
    ['https://münchen.de/', 'xn--mnchen-3ya'],
    ['nothing', undefined],
  ];
  for (const [address, name] of names) assert.equal(nameOfAddress(address), name, address);
});

test('what is wrong with an answer is known while it is typed', () => {
  assert.equal(answerProblem(find('books'), 'no address'), 'address');
  assert.equal(answerProblem(find('books'), ''), undefined);
  assert.equal(answerProblem(find('github'), 'a/b, c/d'), 'repositories');
  assert.equal(answerProblem(find('github'), 'a/b, a/d'), undefined);
  for (const template of templates) {
    if (template.asks) assert.equal(answerProblem(template, template.asks.example), undefined);
  }
});

test('what a template has is read of it', () => {
  assert.deepEqual(templateKey(textOf(find('books'))), ['url']);
  assert.equal(templateLimit(textOf(find('books')), 'target'), 1000);
  assert.equal(templateLimit(textOf(find('openalex')), 'maxUsd'), 0.5);
  assert.deepEqual(templateFields(textOf(find('module'))), []);
});

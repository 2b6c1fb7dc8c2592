import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson, type JsonObject } from '../../../../src/core/json.ts';
import { Template, renderJson, textsIn } from '../../../../src/sources/text/template.ts';

const values: JsonObject = { venue: 'a/b c', year: 2024, open: true };
const rendering = {
  encode: encodeURIComponent,
  expand: (text: string) => Promise.resolve(text.replaceAll('${secret:K}', '{year}')),
};

test('variables are put in, encoded; literal braces stay', async () => {
  const template = new Template('/{venue}/{year}?x={{year}}&y={ }&z={a:b}&o={open}');
  assert.deepEqual(template.names, ['venue', 'year', 'open']);
  assert.equal(
    await template.render(values, rendering),
    '/a%2Fb%20c/2024?x={year}&y={ }&z={a:b}&o=true',
  );
});

test('what a secret holds is no template, and what a value holds is no secret', async () => {
  const template = new Template('${secret:K}{venue}');
  const text = await template.render({ venue: '${secret:K}' }, { ...rendering, encode: (t) => t });
  assert.equal(text, '{year}${secret:K}');
});

test('secrets stay names where a text is shown', () => {
  assert.equal(
    new Template('{year}/${secret:K}').renderOpen(values, (t) => t),
    '2024/${secret:K}',
  );
});

test('a big integer is put in exactly', () => {
  const id = parseJson('{"id": 12345678901234567890}') as JsonObject;
  assert.equal(
    new Template('/{id}').renderOpen(id, (t) => t),
    '/12345678901234567890',
  );
});

test('a variable without a value, or with one that is no scalar, is an error', () => {
  assert.throws(() => new Template('{nope}').renderOpen(values, (t) => t), /nope/);
  assert.throws(() => new Template('{toString}').renderOpen(values, (t) => t), /toString/);
  assert.throws(() => new Template('{a}').renderOpen({ a: { b: 1 } }, (t) => t), /\{a\}/);
  assert.throws(() => new Template('{a}').renderOpen({ a: [1, [2]] }, (t) => t), /\{a\}/);
});

test('the parts of a list have commas between them, and are encoded with it', () => {
  const template = new Template('/{ids}');
  assert.equal(
    template.renderOpen({ ids: ['a', 2] }, (t) => t),
    '/a,2',
  );
  assert.equal(template.renderOpen({ ids: ['a', 2] }, encodeURIComponent), '/a%2C2');
});

test('in JSON a variable alone keeps its type; among text it becomes text', async () => {
  const json = { q: '{year}', t: 'y{year}', deep: [{ on: '{open}' }, 5, null], s: '${secret:K}' };
  assert.deepEqual(await renderJson(json, values, rendering.expand), {
    q: 2024,
    t: 'y2024',
    deep: [{ on: true }, 5, null],
    s: '{year}',
  });
});

test('every text in a value is found, with its path', () => {
  assert.deepEqual(
    [...textsIn({ a: 'x', b: [1, { c: 'y' }], d: null }, 'source.body')],
    [
      ['source.body.a', 'x'],
      ['source.body.b.1.c', 'y'],
    ],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson, toJsonLine } from '../../../src/core/json.ts';
import { Redactor, watchedSecrets } from '../../../src/core/redactor.ts';

const odd = `p"a's<s>&/w?=rd ü+%`;

function redactor(values: Record<string, string>): Redactor {
  const result = new Redactor();
  for (const [name, value] of Object.entries(values)) result.learn(name, value);
  return result;
}

test('a secret is found however it is carried', () => {
  const { text, isIn } = bound(redactor({ K: odd }));
  const url = new URL('http://h/');
  url.search = odd;
  const markup = odd.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const carried = [
    odd,
    encodeURIComponent(odd),
    encodeURIComponent(odd).replace(/%../g, (code) => code.toLowerCase()),
    encodeURI(odd),
    url.search.slice(1),
    new URLSearchParams({ k: odd }).toString().slice(2),
    JSON.stringify(odd).slice(1, -1),
    JSON.stringify(odd).slice(1, -1).replaceAll('/', '\\/'),
    JSON.stringify(JSON.stringify(odd).slice(1, -1)).slice(1, -1),
    JSON.stringify(odd).slice(1, -1).replace('ü', '\\u00fc'),
    markup,
    markup.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    JSON.stringify(markup).slice(1, -1),
    Buffer.from(odd).toString('base64'),
  ];
  for (const form of carried) {
    assert.ok(isIn(`x${form}y`), form);
    assert.equal(text(`x${form}y`), 'x${secret:K}y', form);
  }
});

function bound(of: Redactor): Pick<Redactor, 'text' | 'isIn'> {
  return { text: (text) => of.text(text), isIn: (text) => of.isIn(text) };
}

test('also in the base64 of what it is a part of', () => {
  const secret = 'hunter2hunter2';
  const of = redactor({ P: secret });
  for (const user of ['u', 'us', 'use', 'user']) {
    const header = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
    assert.ok(of.isIn(header));
    const shown = Buffer.from(of.text(header).split(' ')[1] ?? '', 'base64').toString('latin1');
    for (let at = 0; at + 4 <= secret.length; at++) {
      assert.ok(!shown.includes(secret.slice(at, at + 4)), `${user}: ${shown}`);
    }
  }
});

test('a value loses it in texts, keys and numbers, and what has none is the same value', () => {
  const of = redactor({ T: 'tok-123456', N: '123456789012345678901' });
  const value = parseJson(
    '{"a":["x tok-123456 y",1,null],"tok-123456":true,"id":123456789012345678901,"__proto__":"tok-123456"}',
  );
  assert.equal(
    toJsonLine(of.json(value)),
    '{"a":["x ${secret:T} y",1,null],"${secret:T}":true,"id":"${secret:N}","__proto__":"${secret:T}"}',
  );
  const clean = parseJson('{"a":[1,{"b":"tok"}]}');
  assert.equal(of.json(clean), clean);
});

test('a short secret is not looked for in data, where it would be found in innocent words', () => {
  const of = redactor({ S: 'abc' });
  assert.equal(of.json('abcdef'), 'abcdef');
  assert.equal(of.received('abcdef'), 'abcdef');
  assert.ok(!of.isIn('abcdef'));
  assert.equal(of.text('user:abc@host'), 'user:${secret:S}@host');
});

test('it learns what is read, and knows nothing before', async () => {
  const of = new Redactor();
  const secrets = watchedSecrets({ get: (name) => Promise.resolve(`value of ${name}`) }, of);
  assert.ok(of.isEmpty);
  assert.equal(of.text('value of A'), 'value of A');
  assert.equal(await secrets.get('A'), 'value of A');
  assert.ok(!of.isEmpty);
  assert.equal(of.text('value of A, value of B'), '${secret:A}, value of B');
});

test('of two secrets, one within the other, the longer goes first', () => {
  const of = redactor({ short: 'abcdef', long: 'abcdefgh' });
  assert.equal(of.text('abcdefgh abcdef'), '${secret:long} ${secret:short}');
});

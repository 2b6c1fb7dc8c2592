import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PauseError } from '../../../../src/core/errors.ts';
import { SecretText, secretNames } from '../../../../src/sources/text/secrets.ts';

function secretText(values: Record<string, string>): SecretText {
  return new SecretText({ get: (name) => Promise.resolve(values[name]) });
}

test('secrets are put in, as often as they are named', async () => {
  const text = secretText({ A: 'alpha', 'b.c-d': 'beta' });
  assert.equal(
    await text.expand('x ${secret:A}/${secret:b.c-d}/${secret:A}'),
    'x alpha/beta/alpha',
  );
  assert.equal(await text.expand('no secret {name}'), 'no secret {name}');
});

test('a secret may hold what replace takes for a pattern', async () => {
  const text = secretText({ A: '$& $1 $$' });
  assert.equal(await text.expand('<${secret:A}>'), '<$& $1 $$>');
  assert.equal(text.redact('<$& $1 $$>'), '<${secret:A}>');
});

test('a secret that is not set pauses, and names the secret', async () => {
  await assert.rejects(secretText({}).expand('${secret:API_KEY}'), (error) => {
    assert.ok(error instanceof PauseError);
    assert.equal(error.code, 'SECRET_MISSING');
    assert.match(error.message, /API_KEY/);
    return true;
  });
});

test('redacting finds a secret as it is, in a URL, in a form and in JSON', async () => {
  const value = 'k"y +/ü';
  const text = secretText({ K: value });
  assert.equal(text.redact(value), value, 'nothing is known yet');
  await text.expand('${secret:K}');
  for (const shown of [
    value,
    encodeURIComponent(value),
    new URLSearchParams({ k: value }).toString().slice(2),
    JSON.stringify(value).slice(1, -1),
  ])
    assert.equal(text.redact(`<${shown}>`), '<${secret:K}>');
});

test('of two secrets, one within the other, the longer is redacted first', async () => {
  const text = secretText({ short: 'abc', long: 'abcdef' });
  await text.expand('${secret:short}${secret:long}');
  assert.equal(text.redact('abcdef abc'), '${secret:long} ${secret:short}');
});

test('the names in a text', () => {
  assert.deepEqual(secretNames('${secret:A} ${secret:B-1} {name} ${other}'), ['A', 'B-1']);
});

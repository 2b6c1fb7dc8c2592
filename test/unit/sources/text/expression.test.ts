import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../../../../src/core/json.ts';
import { ExpressionError, compileExpression } from '../../../../src/sources/text/expression.ts';

const item = parseJson('{"id": 12345678901234567890, "authors": [{"name": "A"}, {"name": "B"}]}');

test('expressions and their bindings', async () => {
  const evaluate = (text: string) => compileExpression(text)(item, { for: { year: 2024 } });
  assert.equal(await evaluate("$join(authors.name, '; ')"), 'A; B');
  assert.equal(await evaluate('$for.year + 1'), 2025);
  assert.equal(await evaluate('nothing'), undefined);
  assert.equal(JSON.stringify(await evaluate('authors.name')), '["A","B"]');
  assert.equal(JSON.stringify(await evaluate('id')), '12345678901234567890');
  assert.equal(await evaluate('constructor'), undefined);
});

test('what does not compile says where', () => {
  assert.throws(
    () => compileExpression('$join(authors'),
    (error) => error instanceof ExpressionError && typeof error.offset === 'number',
  );
});

test('what goes wrong when it is evaluated is an Error with words', async () => {
  await assert.rejects(compileExpression('$nosuch(id)')(item, {}), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /non-function/);
    return true;
  });
  await assert.rejects(compileExpression('$sum')(item, {}), /a function and no value/);
});

test('a recursion without end is given up', async () => {
  const endless = compileExpression('($f := function($x) { 1 + $f($x) }; $f(1))');
  await assert.rejects(endless({}, {}), /Stack overflow/);
});

test('what gives something else each time is refused', () => {
  for (const text of ['$now()', '{"at": [$millis()]}', '$random() > 0.5', 'items ~> $shuffle()'])
    assert.throws(() => compileExpression(text), /each time/, text);
  assert.doesNotThrow(() => compileExpression('now & "$now()"'));
});

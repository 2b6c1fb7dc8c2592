import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinParts } from '../../../../src/host/text/phrases.ts';

test('empty parts leave no gap', () => {
  assert.equal(joinParts(['a', '', 'b', '']), 'a · b');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInteger, parseNumber } from '../../../../src/sources/html/numbers.ts';

const numbers: readonly (readonly [text: string, value: number | null])[] = [
  ['51.77', 51.77],
  ['£51.77', 51.77],
  ['51,77 €', 51.77],
  ['$1,234.50', 1234.5],
  ['1.234,50 €', 1234.5],
  ['1 234,50', 1234.5],
  ['1\u00a0234\u202f567,5', 1234567.5],
  ['1\u202f234\u202f567,5', 1234567.5],
  ["CHF 1'234.50", 1234.5],
  ['1,000,000', 1_000_000],
  ['1.000.000', 1_000_000],
  ['12,34,567', 1_234_567],
  ['1,234', 1234],
  ['1.234', 1.234],
  ['0,123', 0.123],
  ['1234,567', 1234.567],
  ['1,5', 1.5],
  ['USD12.5', 12.5],
  ['In stock (22 available)', 22],
  ['Rating: 4.5/5', 4.5],
  ['12%', 12],
  ['.5', 0.5],
  ['vol.5', 5],
  ['5.', 5],
  ['9,999.', 9999],
  ['1, 2 and 3', 1],
  ['3 of 4', 3],
  ['10-20', 10],
  ['2024-05-01', 2024],
  ['-5', -5],
  ['\u22125', -5],
  ['-$5', -5],
  ['$-5', -5],
  ['- 5 apples', 5],
  ['A-5', 5],
  ['1e5', 100_000],
  ['1.5E-3', 0.0015],
  ['3em', 3],
  ['007', 7],
  ['0', 0],
  ['0.00', 0],
  ['1.2.3', null],
  ['192.168.1.1', null],
  ['12,345,6', null],
  ['10,20,30', null],
  ['1e999', null],
  ['N/A', null],
  ['free', null],
  ['-', null],
  [' ', null],
  ['', null],
];

for (const [text, value] of numbers) {
  test(`"${text}" is ${String(value)}`, () => {
    assert.equal(parseNumber(text), value);
  });
}

test('an integer past 2^53 keeps its digits', () => {
  assert.equal(JSON.stringify(parseNumber('No. 12345678901234567890')), '12345678901234567890');
  assert.equal(JSON.stringify(parseInteger('12,345,678,901,234,567,890')), '12345678901234567890');
  assert.equal(JSON.stringify(parseInteger('-0012345678901234567890')), '-12345678901234567890');
});

test('only a whole number is an integer', () => {
  assert.equal(parseInteger('22 left'), 22);
  assert.equal(parseInteger('4.0'), 4);
  assert.equal(parseInteger('4.5'), null);
  assert.equal(parseInteger('none'), null);
});

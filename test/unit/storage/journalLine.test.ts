import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEvent } from '../../../src/core/events.ts';
import type { JsonValue } from '../../../src/core/json.ts';
import { parseJson } from '../../../src/core/json.ts';
import { packFingerprints, fingerprint } from '../../../src/core/keys.ts';
import {
  decodeLine,
  encodeLine,
  maxLineBytes,
  noSum,
  splitIntoLines,
} from '../../../src/storage/journalLine.ts';

const at = '2026-11-21T16:15:00.000Z';
const encode = (events: readonly JournalEvent[]) => encodeLine({ seq: 7, at, events }, noSum);
const advanced = (cursor: JsonValue): JournalEvent => ({ type: 'advanced', unit: 1, cursor });

test('a line is its documented form: seq, at, prev, events, and the sum of the bytes before it', () => {
  const { bytes, sum } = encode([{ type: 'resumed' }]);
  assert.equal(
    bytes.toString(),
    `{"seq":7,"at":"${at}","prev":"${noSum}","events":[{"type":"resumed"}],"sum":"${sum}"}\n`,
  );
  assert.deepEqual(decodeLine(bytes.subarray(0, -1)), {
    seq: 7,
    at,
    prev: noSum,
    events: [{ type: 'resumed' }],
    sum,
  });
});

test('every value comes back as it was', () => {
  const values: JsonValue[] = [
    null,
    '',
    'a\nb\r\u2028\u2029\u0000\u007f"\\',
    'Zürich 東京 🚀',
    '\ud800 lone \udfff',
    { __proto__x: 1, constructor: 'c', toString: null },
    parseJson('{"__proto__": {"polluted": true}, "a": [1, 2.5, -0, 1e21]}'),
    parseJson('{"id": 12345678901234567890, "neg": -98765432109876543210}'),
    { 'sum":"': ',"sum":"' },
  ];
  for (const value of values) {
    const { bytes } = encode([advanced(value)]);
    assert.ok(bytes.equals(Buffer.from(bytes.toString())), 'valid UTF-8');
    assert.equal(bytes.indexOf(0x0a), bytes.length - 1, 'one line');
    assert.doesNotMatch(bytes.toString(), /[\u2028\u2029]/);
    const [event] = decodeLine(bytes.subarray(0, -1))?.events ?? [];
    assert.equal(JSON.stringify(event), JSON.stringify(advanced(value)));
  }
});

test('every flipped bit, every length and every doubled byte is seen', () => {
  const { bytes } = encode([advanced({ page: 2 })]);
  const line = bytes.subarray(0, -1);
  for (let i = 0; i < line.length; i++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(line);
      flipped[i] = (flipped[i] ?? 0) ^ (1 << bit);
      assert.equal(decodeLine(flipped), undefined, `byte ${i} bit ${bit}`);
    }
    assert.equal(decodeLine(line.subarray(0, i)), undefined);
    assert.equal(decodeLine(Buffer.concat([line.subarray(0, i), line.subarray(i - 1)])), undefined);
  }
  assert.notEqual(decodeLine(line), undefined);
});

test('a sum in capitals, or of a line that is no journal line, is none', () => {
  const { bytes, sum } = encode([]);
  const text = bytes.toString().trimEnd();
  assert.equal(decodeLine(Buffer.from(text.replace(sum, sum.toUpperCase()))), undefined);
  assert.equal(decodeLine(Buffer.from('')), undefined);
  assert.equal(decodeLine(Buffer.alloc(200, 0)), undefined);
});

function unitsOf(count: number, keyLength: number): JournalEvent {
  const items = Array.from({ length: count }, (_, i) => ({ key: `${'k'.repeat(keyLength)}${i}` }));
  return { type: 'units', first: 11, lane: 'l', group: 'g', items };
}

for (const [what, event] of [
  ['many small units', unitsOf(200_000, 30)],
  ['a few huge units', unitsOf(90, 65_536)],
  ['units with huge inputs', inputs(60, 200_000)],
  ['units outside ASCII', unitsInText(99, '東'.repeat(20_000))],
] as const) {
  test(`${what}: every line of a commit is at most 4 MB, and nothing is lost or renumbered`, () => {
    const finished: JournalEvent = { type: 'finished', unit: 1, state: 'done', proof: { by: 'x' } };
    const lines = splitIntoLines([event, advanced('c'), finished]);
    assert.ok(lines.length > 1);
    let next = 11;
    const keys: string[] = [];
    for (const [i, events] of lines.entries()) {
      const { bytes } = encodeLine({ seq: i, at, events }, noSum);
      assert.ok(bytes.length <= maxLineBytes, `line ${i} has ${bytes.length} bytes`);
      for (const e of events) {
        if (e.type === 'units') {
          assert.equal(e.first, next);
          next += e.items.length;
          keys.push(...e.items.map((item) => item.key));
        }
        assert.equal(e.type === 'finished', e === finished);
        if (e === finished) assert.equal(i, lines.length - 1, 'only the last line finishes');
      }
    }
    assert.ok(event.type === 'units');
    assert.deepEqual(
      keys,
      event.items.map((item) => item.key),
    );
  });
}

test('the keys of as many records as a commit takes fit into a line', () => {
  const keys = packFingerprints(Array.from({ length: 150_000 }, (_, i) => fingerprint(String(i))));
  const range = { file: 'data/raw/m.jsonl', offset: 0, bytes: 1, sha256: noSum };
  const half = keys.slice(0, keys.length / 3);
  const lines = splitIntoLines([
    {
      type: 'committed',
      ranges: [
        { ...range, role: 'rejected', keys: half },
        { ...range, role: 'raw', keys: half },
        { ...range, role: 'master', keys: half },
      ],
      units: [{ unit: 1, records: 50_000, duplicates: 0, rejected: 50_000 }],
    },
  ]);
  for (const events of lines)
    assert.ok(encodeLine({ seq: 1, at, events }, noSum).bytes.length <= maxLineBytes);
});

function inputs(count: number, length: number): JournalEvent {
  const items = Array.from({ length: count }, (_, i) => ({
    key: `k${i}`,
    input: { text: 'x'.repeat(length) },
  }));
  return { type: 'units', first: 11, lane: 'l', group: 'g', items };
}

function unitsInText(count: number, text: string): JournalEvent {
  const items = Array.from({ length: count }, (_, i) => ({ key: `${text}${i}` }));
  return { type: 'units', first: 11, lane: 'l', group: 'g', items };
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  checkpointChecksum,
  localIso,
  venueYear,
  type ChecksummedFields,
} from '../../../src/core/checkpointData.ts';
import { parseJson } from '../../../src/core/json.ts';
import { pythonJson } from '../../../src/core/pythonJson.ts';

/** The golden vector of the earlier system. */
const golden: ChecksummedFields = {
  session_id: 'session_0a1b2c3d',
  timestamp: '2025-01-19T10:00:00.123456',
  venues_completed: [
    ['iclr', 2024],
    ['neurips', 2023],
  ],
  venues_in_progress: [['icml', 2024]],
  papers_collected: 2260,
  papers_by_venue: { Zürich: { '2023': 0 }, iclr: { '2024': 2260 } },
  last_successful_operation: 'batch_completed: iclr 2024',
};
const canonical =
  '{"last_successful_operation": "batch_completed: iclr 2024", "papers_by_venue": {"Z\\u00fcrich": {"2023": 0}, "iclr": {"2024": 2260}}, "papers_collected": 2260, "session_id": "session_0a1b2c3d", "timestamp": "2025-01-19T10:00:00.123456", "venues_completed": [["iclr", 2024], ["neurips", 2023]], "venues_in_progress": [["icml", 2024]]}';
const goldenSum = '27b407be8d85f6dae46633d079814c047650aa3ebc1e940823fdf1407a19b28c';

test('the golden vector: the same text and the same checksum as the earlier system', () => {
  assert.equal(createHash('sha256').update(canonical).digest('hex'), goldenSum);
  assert.equal(pythonJson(golden as never), canonical);
  assert.equal(checkpointChecksum(golden), goldenSum);
  // Venues are sorted before they are summed, whatever order they stand in.
  const shuffled = { ...golden, venues_completed: [...golden.venues_completed].reverse() };
  assert.equal(checkpointChecksum(shuffled), goldenSum);
});

test('every covered field changes the checksum', () => {
  const changes: Partial<ChecksummedFields>[] = [
    { session_id: 'x' },
    { timestamp: 'x' },
    { venues_completed: [] },
    { venues_in_progress: [['icml', 2023]] },
    { papers_collected: 1 },
    { papers_by_venue: {} },
    { last_successful_operation: '' },
  ];
  for (const change of changes)
    assert.notEqual(checkpointChecksum({ ...golden, ...change }), goldenSum);
});

test('texts are those of json.dumps(value, sort_keys=True), as Python 3 wrote them', () => {
  const vectors: [string, string][] = [
    [
      '{"z\\ud83d\\ude80": 1, "z\\uffff": 2, "\\u007f": "a\\u007fb", "é": "\\ud800"}',
      '{"z\\uffff": 2, "z\\ud83d\\ude80": 1, "\\u007f": "a\\u007fb", "\\u00e9": "\\ud800"}'.replace(
        /^\{(.*), ("\\u007f.*), ("\\u00e9.*)\}$/,
        '{$1, $2, $3}',
      ),
    ],
    ['{"b": [1, {"a": null}], "a": true}', '{"a": true, "b": [1, {"a": null}]}'],
    ['"\\b\\f\\n\\r\\t\\u0001\\u001f\\"\\\\/"', '"\\b\\f\\n\\r\\t\\u0001\\u001f\\"\\\\/"'],
    ['"\\u2028é東"', '"\\u2028\\u00e9\\u6771"'],
    ['[]', '[]'],
    ['{}', '{}'],
    ['12345678901234567890', '12345678901234567890'],
  ];
  for (const [text, expected] of vectors) assert.equal(pythonJson(parseJson(text)), expected);
});

test('a group stands for a venue and a year where it looks like one', () => {
  assert.deepEqual(venueYear('iclr_2024'), ['iclr', 2024]);
  assert.deepEqual(venueYear('a_b_2019'), ['a_b', 2019]);
  for (const group of ['iclr', '_2024', 'iclr_24', 'iclr_20245', 'iclr-2024'])
    assert.deepEqual(venueYear(group), [group, 0]);
});

test('times are written as Python writes local ones: microseconds only where there are some', () => {
  const at = (ms: number) => new Date(2026, 0, 2, 3, 4, 5, ms).getTime();
  assert.equal(localIso(at(0)), '2026-01-02T03:04:05');
  assert.equal(localIso(at(7)), '2026-01-02T03:04:05.007000');
});

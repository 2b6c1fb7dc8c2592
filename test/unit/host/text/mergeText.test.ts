import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import type { MergedInput, MergeManifest } from '../../../../src/core/mergeManifest.ts';
import { mergeSummary, needsALook } from '../../../../src/host/text/mergeText.ts';

const formats = formatsFor('en-US');
const input: MergedInput = {
  file: 'a.jsonl',
  bytes: 100,
  sha256: 'aa',
  lines: 10,
  kept: 10,
  duplicates: 0,
  conflicts: 0,
  rejected: 0,
  error: null,
};
const manifest: MergeManifest = {
  format: 1,
  session: 's',
  createdAt: '2026-11-21T16:20:00.000Z',
  output: 'data/all.jsonl',
  outputBytes: 100,
  outputSha256: 'aa',
  records: 1234,
  duplicates: 0,
  conflicts: 0,
  rejected: 0,
  rejectedFile: null,
  key: null,
  onConflict: 'first',
  sort: null,
  inputs: [input, input],
};

test('what is zero is not said', () => {
  assert.equal(mergeSummary(manifest, formats), 'all.jsonl is made of 2 files: 1,234 records.');
  const one = { ...manifest, records: 1, inputs: [input] };
  assert.equal(mergeSummary(one, formats), 'all.jsonl is made of 1 file: 1 record.');
  assert.equal(needsALook(manifest), false);
});

test('duplicates, conflicts, and lines set aside are counted', () => {
  const full = { ...manifest, duplicates: 56, conflicts: 3, rejected: 2 };
  assert.equal(
    mergeSummary(full, formats),
    'all.jsonl is made of 2 files: 1,234 records · 56 duplicates · 3 of them differed · 2 lines set aside.',
  );
  assert.equal(needsALook(full), true);
});

test('a file that could not be read to its end is not passed over', () => {
  const broken = { ...manifest, inputs: [input, { ...input, error: 'unexpected end of file' }] };
  assert.match(mergeSummary(broken, formats), /· 1 of the files not read to the end\.$/);
  assert.equal(needsALook(broken), true);
});

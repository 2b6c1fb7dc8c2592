import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Verdicts } from '../../../../src/host/sessions/verdicts.ts';
import { makeReport, makeTarget } from '../../../fixtures/views.ts';

const everything = { sessions: [], paths: [] };
const broken = { severity: 'error', code: 'LINE_NOT_JSON', message: 'no JSON' } as const;

test('a verdict holds until the journal has another line', () => {
  const verdicts = new Verdicts();
  const report = makeReport([makeTarget('s', ['/m.jsonl'])]);
  verdicts.record(report, everything, new Map([['s', 12]]));
  assert.deepEqual(verdicts.ofSession('s', 12), {
    problems: 0,
    atMs: Date.parse('2026-11-21T16:21:00.000Z'),
    seq: 12,
  });
  assert.equal(verdicts.ofFile('/m.jsonl', 12)?.problems, 0);
  assert.equal(verdicts.ofSession('s', 13), undefined);
  assert.equal(verdicts.ofFile('/m.jsonl', 13), undefined);
});

test('each file has the problems that are in it, the session all of them', () => {
  const verdicts = new Verdicts();
  const findings = [
    { ...broken, file: '/a.jsonl', line: 3 },
    { ...broken, file: '/a.jsonl', line: 9 },
    { ...broken, file: '/b.jsonl', line: 1 },
    { ...broken, severity: 'warning' as const, file: '/b.jsonl', line: 2 },
  ];
  const report = makeReport([makeTarget('s', ['/a.jsonl', '/b.jsonl'], findings)]);
  verdicts.record(report, everything, new Map([['s', 1]]));
  const counts = [
    verdicts.ofFile('/a.jsonl', 1),
    verdicts.ofFile('/b.jsonl', 1),
    verdicts.ofSession('s', 1),
  ];
  assert.deepEqual(
    counts.map((verdict) => verdict?.problems),
    [2, 1, 3],
  );
});

test('a session of which one file was validated is not judged', () => {
  const verdicts = new Verdicts();
  const report = makeReport([makeTarget('s', ['/m.jsonl'])]);
  verdicts.record(report, { sessions: [], paths: ['/m.jsonl'] }, new Map([['s', 1]]));
  assert.equal(verdicts.ofSession('s', 1), undefined);
  assert.equal(verdicts.ofFile('/m.jsonl', 1)?.problems, 0);
});

test('what was cut short is no verdict', () => {
  const verdicts = new Verdicts();
  const report = makeReport([makeTarget('s', [])], { isCancelled: true });
  verdicts.record(report, everything, new Map([['s', 1]]));
  assert.equal(verdicts.ofSession('s', 1), undefined);
});

test('a session that is gone is forgotten', () => {
  const verdicts = new Verdicts();
  verdicts.record(makeReport([makeTarget('s', [])]), everything, new Map([['s', 1]]));
  verdicts.forget('s');
  assert.equal(verdicts.ofSession('s', 1), undefined);
});

import assert from 'node:assert/strict';
import { readdir, rename, utimes } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseJson } from '../../../../src/core/json.ts';
import type { OnConflict } from '../../../../src/core/mergeManifest.ts';
import { sha256Hex } from '../../../../src/storage/dataFile.ts';
import { SeededRandom } from '../../../fixtures/seededRandom.ts';
import { mergePlainly, type Expected } from './mergeOracle.ts';
import { MergeBench, runForPages, runToEnd } from './mergeBench.ts';

/** Texts of JSONL with repeats, conflicts, other orders of fields, bad lines and blank ones; about 5 MB each. */
function makeTexts(seed: number, linesEach: number): string[] {
  const random = new SeededRandom(seed);
  const below = (n: number): number => Math.floor(random.next() * n);
  const line = (): string => {
    const dice = random.next();
    if (dice < 0.02)
      return ['', '  ', 'no JSON', '[1,2]', '{"t":"no id"}', '{"id":null}'][below(6)] ?? '';
    const id = below(linesEach * 2);
    const more =
      random.next() < 0.2 ? { [`f${below(3)}`]: [null, '', 'x', [1], {}][below(5)] } : {};
    const s = [id % 50, `s${id % 50}`, null, undefined][below(8)] ?? id % 50;
    const record = { id, t: `ü ${'text '.repeat(30)}${id}`, s, ...more };
    const entries = Object.entries(record);
    if (random.next() < 0.1) entries.reverse();
    return `${JSON.stringify(Object.fromEntries(entries))}${random.next() < 0.05 ? '\r' : ''}`;
  };
  return [0, 1, 2].map(() => {
    const lines = Array.from({ length: linesEach }, line);
    return `${lines.join('\n')}${random.next() < 0.5 ? '\n' : ''}`;
  });
}

async function assertMerged(bench: MergeBench, expected: Expected): Promise<void> {
  assert.equal(await bench.text('out.jsonl'), expected.lines.map((line) => `${line}\n`).join(''));
  const manifest = await bench.manifest();
  const counts = manifest.inputs.map(({ lines, kept, duplicates, conflicts, rejected }) => ({
    lines,
    kept,
    duplicates,
    conflicts,
    rejected,
  }));
  assert.deepEqual(counts, expected.inputs);
  assert.equal(manifest.records, expected.lines.length);
  assert.equal(manifest.outputSha256, sha256Hex(await bench.text('out.jsonl')));
  for (const input of manifest.inputs) {
    assert.equal(input.sha256, sha256Hex(await bench.text(input.file)));
    assert.equal(input.error, null);
  }
  const rejected = manifest.inputs.reduce((sum, input) => sum + input.rejected, 0);
  const lines = manifest.rejectedFile === null ? '' : await bench.text(manifest.rejectedFile);
  assert.equal(lines.split('\n').length - 1, rejected, 'rejected lines');
}

const names = ['a.jsonl', 'b.jsonl', 'c.jsonl'];
const ways: readonly (readonly [
  rule: OnConflict,
  sort: string | null,
  key: readonly string[] | null,
])[] = [
  ['first', null, ['id']],
  ['last', null, ['id']],
  ['richest', null, ['id']],
  ['first', 's', ['id']],
  ['richest', 's', ['id']],
  ['first', null, null],
];

for (const [rule, sort, key] of ways) {
  const title = `keeps the ${rule}${key === null ? ' of equal records' : ''}${sort === null ? '' : ', sorted'}`;
  test(`${title}, in one go and interrupted`, async (t) => {
    const texts = makeTexts(11, 12_000);
    const expected = mergePlainly(texts, key, rule, sort);
    assert.ok(expected.inputs.some(({ duplicates }) => duplicates > 100));
    if (key !== null) assert.ok(expected.inputs.some(({ conflicts }) => conflicts > 10));
    const files = Object.fromEntries(texts.map((text, i) => [names[i] ?? '', text]));
    const request = { key, onConflict: rule, sort };

    const whole = await MergeBench.make(t, files);
    const { launched, end } = await whole.merge(names, request);
    assert.equal(end.state, 'completed');
    await assertMerged(whole, expected);
    const { view } = launched.run.store;
    const { duplicates, rejected } = await whole.manifest();
    assert.deepEqual([view.duplicates, view.rejected], [duplicates, rejected], 'counts are one');

    const parts = await MergeBench.make(t, files);
    let session = await parts.start(names, request);
    let stops = 0;
    while ((await runForPages(session, sort === null ? 3 : 7)).state !== 'completed') {
      stops += 1;
      assert.ok(stops < 30);
      assert.ok(!(await readdir(parts.folder)).includes('out.jsonl.manifest.json'));
      session = await parts.resume(session);
    }
    assert.ok(stops > 2, `stopped ${stops} times`);
    await assertMerged(parts, expected);
    const after = session.run.store.view;
    assert.deepEqual(
      [after.duplicates, after.rejected],
      [duplicates, rejected],
      'also interrupted',
    );
  });
}

test('a pause in the middle goes on in the same process', async (t) => {
  const texts = makeTexts(5, 12_000);
  const files = Object.fromEntries(texts.map((text, i) => [names[i] ?? '', text]));
  for (const sort of [null, 's']) {
    const bench = await MergeBench.make(t, files);
    const { run } = await bench.start(names, { key: ['id'], sort });
    let pauses = 0;
    run.onChange(() => {
      const { records, rejected } = run.store.view;
      if (records + rejected === 0 || pauses === 2) return;
      pauses += 1;
      void run.pause('user', '').then(() => run.unpause());
    });
    await run.start();
    assert.equal((await run.finished).state, 'completed');
    assert.equal(pauses, 2);
    await assertMerged(bench, mergePlainly(texts, ['id'], 'first', sort));
  }
});

test('lines keep their bytes; JSONL, CSV and .gz go into one', async (t) => {
  const bench = await MergeBench.make(t, {
    'a.jsonl': '{ "id" : 1.0,"n":12345678901234567890 , "u":"\\u00fc" }\r\n',
    'b.csv': 'id,t\n2,"x, y"\n',
    'c.jsonl.gz': gzipSync('{"id":3}\n{"id":1}\n'),
  });
  const { end } = await bench.merge(['a.jsonl', 'b.csv', 'c.jsonl.gz'], { key: ['id'] });
  assert.equal(end.state, 'completed');
  assert.equal(
    await bench.text('out.jsonl'),
    '{ "id" : 1.0,"n":12345678901234567890 , "u":"\\u00fc" }\n{"id":"2","t":"x, y"}\n{"id":3}\n',
  );
  const { inputs, duplicates, conflicts } = await bench.manifest();
  assert.deepEqual(
    inputs.map(({ file, kept }) => [file, kept]),
    [
      ['a.jsonl', 1],
      ['b.csv', 1],
      ['c.jsonl.gz', 1],
    ],
  );
  assert.deepEqual([duplicates, conflicts], [1, 1]);
});

test('bad lines are set aside with their places', async (t) => {
  const bench = await MergeBench.make(t, { 'a.jsonl': '{"id":1}\nbad\n\n{"t":2}\n' });
  await bench.merge(['a.jsonl'], { key: ['id'] });
  const { rejectedFile } = await bench.manifest();
  const lines = (await bench.text(rejectedFile ?? '')).trim().split('\n');
  const reasons = lines.map((line) => (parseJson(line) as { reason: string }).reason);
  assert.equal(reasons.length, 2);
  assert.match(reasons[0] ?? '', /^a\.jsonl:2: not JSON/);
  assert.match(reasons[1] ?? '', /^a\.jsonl:4: no key: field "id"/);
});

test('masters of sessions with one key are merged by it', async (t) => {
  const bench = await MergeBench.make(t, {
    'a.jsonl': '{"id":1,"v":1}\n{"id":2}\n',
    'b.jsonl': '{"id":1,"v":2}\n',
  });
  await bench.merge(['a.jsonl'], { key: ['id'], output: bench.path('m1.jsonl') });
  await bench.merge(['b.jsonl'], { key: ['id'], output: bench.path('m2.jsonl') });
  await bench.merge(['m1.jsonl', 'm2.jsonl'], { output: bench.path('m3.jsonl') });
  assert.deepEqual((await bench.manifest('m3.jsonl')).key, ['id']);
  assert.equal(await bench.text('m3.jsonl'), '{"id":1,"v":1}\n{"id":2}\n');
  await bench.merge(['m1.jsonl', 'b.jsonl'], { output: bench.path('m4.jsonl') });
  assert.equal((await bench.manifest('m4.jsonl')).key, null, 'one is no master');
});

test('the name of the new file, when none is given', async (t) => {
  const bench = await MergeBench.make(t, {
    'd/books_master_20260101_000000.jsonl': '{"id":1}\n',
    'd/books_master_20260102_000000.jsonl': '{"id":2}\n',
    'x.jsonl': '{"id":3}\n',
  });
  const masters = ['d/books_master_20260101_000000.jsonl', 'd/books_master_20260102_000000.jsonl'];
  const name = async (inputs: readonly string[]): Promise<string> => {
    const { launched } = await bench.merge(inputs, { output: null });
    return launched.run.store.view.files[0]?.file ?? '';
  };
  assert.match(await name(masters), /^d\/books_merged_\d{8}_\d{6}\.jsonl$/);
  assert.match(await name([...masters, 'x.jsonl']), /^d\/merged_\d{8}_\d{6}\.jsonl$/);
});

test('what is wrong is found before anything is made', async (t) => {
  const bench = await MergeBench.make(t, {
    'a.jsonl': '{"id":1}\n',
    'text.jsonl': 'one\ntwo\n',
    'other.jsonl': '{"x":1}\n{"x":2}\n',
    'empty.jsonl': '',
    'taken.jsonl': 'x',
    'meta.jsonl.manifest.json': '{}',
    'wide.jsonl': Buffer.from('\uFEFF{"id":1}', 'utf16le'),
    'cut.jsonl.gz': gzipSync('{"id":1}\n').subarray(0, 12),
  });
  const before = (await readdir(bench.folder)).sort();
  const cases: [string, readonly string[], object][] = [
    ['NO_INPUTS', [], {}],
    ['INPUT_UNREADABLE', ['a.jsonl', 'none.jsonl'], {}],
    ['INPUT_UNREADABLE', ['.'], {}],
    ['INPUT_TWICE', ['a.jsonl', 'other.jsonl', 'a.jsonl'], {}],
    ['INPUT_NO_RECORDS', ['a.jsonl', 'text.jsonl'], {}],
    ['INPUT_NO_KEY', ['a.jsonl', 'other.jsonl'], { key: ['id'] }],
    ['INPUT_NOT_UTF8', ['wide.jsonl'], {}],
    ['INPUT_DAMAGED', ['cut.jsonl.gz'], {}],
    ['OUTPUT_IS_INPUT', ['a.jsonl'], { output: bench.path('a.jsonl') }],
    ['OUTPUT_EXISTS', ['a.jsonl'], { output: bench.path('taken.jsonl') }],
    ['OUTPUT_EXISTS', ['a.jsonl'], { output: bench.path('meta.jsonl') }],
    ['OUTPUT_NOT_JSONL', ['a.jsonl'], { output: bench.path('out.csv') }],
  ];
  for (const [code, inputs, request] of cases) {
    await assert.rejects(bench.start(inputs, request), { code, name: 'UsageError' }, code);
    assert.deepEqual((await readdir(bench.folder)).sort(), before, code);
  }
  assert.equal((await bench.merge(['a.jsonl', 'empty.jsonl'])).end.state, 'completed');
});

test('an input that has changed stops the merge, until it is put back', async (t) => {
  const [text = ''] = makeTexts(2, 60_000);
  const bench = await MergeBench.make(t, { 'a.jsonl': text, 'b.jsonl': '{"id":-1}\n' });
  for (const file of ['a.jsonl', 'b.jsonl']) await utimes(bench.path(file), 1000, 1000);
  const session = await bench.start(['a.jsonl', 'b.jsonl'], { key: ['id'] });
  assert.equal((await runForPages(session, 2)).state, 'stopped');
  const { records } = session.run.store.view;
  assert.ok(records > 0);
  assert.equal(session.run.store.view.units.done, 0);

  const expectPause = async (code: RegExp): Promise<void> => {
    const again = await bench.resume(session);
    t.after(() => again.run.stop('user'));
    const atPause = new Promise<string>((resolve) => {
      again.run.onChange(() => {
        const { view } = again.run.snapshot();
        if (view.state === 'paused') resolve(String(view.reasonMessage));
      });
    });
    await again.run.start();
    assert.match(await atPause, code);
    assert.equal(again.run.store.view.records, records, 'nothing is taken of it');
    await again.run.stop('user');
  };
  // A file that is done later counts as well.
  await bench.write('b.jsonl', '{"id":-2}\n');
  await expectPause(/b\.jsonl has changed/);
  await bench.write('b.jsonl', '{"id":-1}\n');
  await utimes(bench.path('b.jsonl'), 1000, 1000);
  // Same size, same time: the hash of what was read tells.
  await bench.write('a.jsonl', text.replace('text ', 'TEXT '));
  await utimes(bench.path('a.jsonl'), 1000, 1000);
  await expectPause(/a\.jsonl is not what it was/);
  await rename(bench.path('a.jsonl'), bench.path('away.jsonl'));
  await expectPause(/a\.jsonl is not there/);
  await bench.write('a.jsonl', text);
  await utimes(bench.path('a.jsonl'), 1000, 1000);
  assert.equal((await runToEnd(await bench.resume(session))).state, 'completed');
  const expected = mergePlainly([text, '{"id":-1}\n'], ['id'], 'first', null);
  await assertMerged(bench, expected);
});

test('an input that is cut off is merged as far as it goes, and the manifest says so', async (t) => {
  const [text = ''] = makeTexts(3, 30_000);
  const packed = gzipSync(text);
  for (const onConflict of ['first', 'last'] as const) {
    const bench = await MergeBench.make(t, {
      'a.jsonl.gz': packed.subarray(0, packed.length / 2),
      'b.jsonl': '{"id":-1}\n',
    });
    const { launched, end } = await bench.merge(['a.jsonl.gz', 'b.jsonl'], {
      key: ['id'],
      onConflict,
    });
    assert.equal(end.state, 'completed');
    assert.equal(launched.run.store.view.units.failed, 1);
    const { inputs, records } = await bench.manifest();
    const [cut, whole] = inputs;
    assert.ok(cut && whole);
    assert.match(cut.error ?? '', /ends in the middle/);
    assert.equal(cut.sha256, null);
    assert.ok(cut.kept > 1000);
    assert.equal(whole.kept, 1);
    assert.equal((await bench.text('out.jsonl')).split('\n').length - 1, records);
  }
});

test('the manifest is there before the session is called completed', async (t) => {
  const bench = await MergeBench.make(t, { 'a.jsonl': '{"id":1}\n' });
  const launched = await bench.start(['a.jsonl']);
  const { fileSystem } = bench.environment.ports;
  const seen: string[] = [];
  launched.run.onChange(() => {
    const { state } = launched.run.store.view;
    if (state !== 'completed' || seen.length > 0) return;
    seen.push(state);
    void fileSystem.status(bench.path('out.jsonl.manifest.json')).then((status) => {
      seen.push(status === undefined ? 'no manifest' : 'manifest');
    });
  });
  await runToEnd(launched);
  assert.deepEqual(seen, ['completed', 'manifest']);
});

import assert from 'node:assert/strict';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { JournalEvent } from '../../../src/core/events.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { Journal, journalStart, type PlacedEntry } from '../../../src/storage/journal.ts';
import {
  hasLineAt,
  readHeader,
  readLines,
  scanJournal,
} from '../../../src/storage/journalReader.ts';
import { makeScratchFolder } from '../../fixtures/storageSession.ts';

const at = '2026-11-21T16:15:00.000Z';
const event = (unit: number, cursor = ''): JournalEvent => ({ type: 'advanced', unit, cursor });

async function write(t: TestContext, lines: readonly (readonly JournalEvent[])[]) {
  const path = join(await makeScratchFolder(t), 'journal.jsonl');
  const journal = await Journal.create(nodeFileSystem, path, true);
  const entries: PlacedEntry[] = [];
  for (const events of lines) entries.push(...(await journal.append(events, at)));
  await journal.close();
  return { path, entries };
}

async function scan(path: string, from = journalStart) {
  const entries: PlacedEntry[] = [];
  const result = await scanJournal(nodeFileSystem, path, from, (entry) => entries.push(entry));
  return { entries, ...result };
}

test('a journal is read back as it was written, from any line on', async (t) => {
  const { path, entries } = await write(
    t,
    [1, 2, 3, 4].map((n) => [event(n)]),
  );
  const all = await scan(path);
  assert.deepEqual(all.entries, entries);
  assert.deepEqual([all.gaps, all.torn], [[], undefined]);
  for (const [i, entry] of entries.entries()) {
    assert.ok(await hasLineAt(nodeFileSystem, path, entry.position));
    const rest = await scan(path, entry.position);
    assert.deepEqual(rest.entries, entries.slice(i + 1));
    assert.deepEqual(rest.position, entries.at(-1)?.position);
  }
});

test('lines longer than what is read at once, and newlines at every place in it', async (t) => {
  const piece = 1024 * 1024;
  const { path, entries } = await write(
    t,
    [piece - 300, piece, 3 * piece + 5, 1, piece - 279].map((n) => [event(1, 'x'.repeat(n))]),
  );
  assert.deepEqual((await scan(path)).entries, entries);
});

test('a tail without a newline, or with bytes that are no line, is torn; what is before it counts', async (t) => {
  const { path, entries } = await write(
    t,
    [1, 2, 3].map((n) => [event(n)]),
  );
  const bytes = await readFile(path);
  const start = entries[2]?.position.start ?? 0;
  for (let length = start; length < bytes.length; length++) {
    await writeFile(path, bytes.subarray(0, length));
    const result = await scan(path);
    assert.equal(result.entries.length, 2);
    assert.deepEqual(result.gaps, []);
    const torn = length === start ? undefined : { offset: start, bytes: length - start };
    assert.deepEqual(result.torn, torn);
  }
  for (const tail of ['{}\n', '\n\n\n', '\0'.repeat(600), 'half\n{"seq":']) {
    await writeFile(path, bytes);
    await appendFile(path, tail);
    const result = await scan(path);
    assert.equal(result.entries.length, 3);
    assert.deepEqual(result.torn, { offset: bytes.length, bytes: tail.length });
  }
});

test('a bad line with good ones after it is a gap; every other line counts', async (t) => {
  const { path, entries } = await write(
    t,
    [1, 2, 3, 4, 5].map((n) => [event(n)]),
  );
  const bytes = await readFile(path);
  const second = entries[1]?.position.start ?? 0;
  const third = entries[2]?.position.start ?? 0;
  bytes[second + 10] = (bytes[second + 10] ?? 0) ^ 0x20;
  await writeFile(path, bytes);
  const result = await scan(path);
  assert.deepEqual(
    result.entries.map((entry) => entry.seq),
    [0, 2, 3, 4],
  );
  assert.deepEqual(result.gaps, [{ offset: second, bytes: third - second }]);
  assert.equal(result.torn, undefined);
});

test('a newline that a flipped bit made costs the line that it is in, and no other', async (t) => {
  const { path, entries } = await write(
    t,
    [1, 2, 3].map((n) => [event(n)]),
  );
  const bytes = await readFile(path);
  bytes[(entries[1]?.position.start ?? 0) + 30] = 0x0a;
  await writeFile(path, bytes);
  assert.deepEqual(
    (await scan(path)).entries.map((entry) => entry.seq),
    [0, 2],
  );
  // And one that was a newline joins two lines: the one that is damaged is lost, the other is not.
  bytes[(entries[1]?.position.start ?? 0) + 30] = 0x20;
  bytes[(entries[0]?.position.end ?? 0) - 1] = 0x20;
  await writeFile(path, bytes);
  assert.deepEqual(
    (await scan(path)).entries.map((entry) => entry.seq),
    [0, 2],
  );
});

test('a damaged newline costs neither of the lines beside it, and is told', async (t) => {
  const { path, entries } = await write(
    t,
    [1, 2, 3].map((n) => [event(n, '"sum":"}\n{"seq":')]),
  );
  const bytes = await readFile(path);
  const at = (entries[0]?.position.end ?? 0) - 1;
  bytes[at] = 0x0b;
  await writeFile(path, bytes);
  const result = await scan(path);
  assert.deepEqual(result.entries, entries);
  assert.deepEqual([result.gaps, result.torn], [[{ offset: at, bytes: 1 }], undefined]);
  assert.equal((await readHeader(nodeFileSystem, path))?.seq, 0);
});

test('a missing line is a gap without bytes', async (t) => {
  const { path, entries } = await write(
    t,
    [1, 2, 3].map((n) => [event(n)]),
  );
  const bytes = await readFile(path);
  const { start = 0, end = 0 } = entries[1]?.position ?? {};
  await writeFile(path, Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]));
  const result = await scan(path);
  assert.deepEqual(
    result.entries.map((entry) => entry.seq),
    [0, 2],
  );
  assert.deepEqual(result.gaps, [{ offset: start, bytes: 0 }]);
});

test('a line that stands there twice counts once', async (t) => {
  const { path, entries } = await write(
    t,
    [1, 2].map((n) => [event(n)]),
  );
  const bytes = await readFile(path);
  await appendFile(path, bytes);
  const result = await scan(path);
  assert.deepEqual(
    result.entries.map((entry) => entry.seq),
    [0, 1],
  );
  assert.equal(result.position.end, entries.at(-1)?.position.end);
});

test('a position that the journal does not have is told', async (t) => {
  const { path, entries } = await write(
    t,
    [1, 2].map((n) => [event(n)]),
  );
  const [first, second] = entries;
  assert.ok(first && second);
  assert.ok(await hasLineAt(nodeFileSystem, path, journalStart));
  const wrong = { ...second.position, sum: first.position.sum };
  assert.equal(await hasLineAt(nodeFileSystem, path, wrong), false);
  assert.equal(await hasLineAt(nodeFileSystem, path, { ...second.position, seq: 9 }), false);
  assert.equal(await hasLineAt(nodeFileSystem, path, { ...second.position, start: 3 }), false);
  await truncate(path, second.position.end - 1);
  assert.equal(await hasLineAt(nodeFileSystem, path, second.position), false);
  assert.ok(await hasLineAt(nodeFileSystem, path, first.position));
});

test('the header is the first line, where that is good', async (t) => {
  const { path, entries } = await write(t, [[event(1)], [event(2)]]);
  assert.deepEqual(await readHeader(nodeFileSystem, path), {
    ...entries[0],
    prev: '0'.repeat(64),
    sum: entries[0]?.position.sum,
  });
  const bytes = await readFile(path);
  bytes[5] = 0;
  await writeFile(path, bytes);
  assert.equal(await readHeader(nodeFileSystem, path), undefined);
  await writeFile(path, '');
  assert.equal(await readHeader(nodeFileSystem, path), undefined);
});

test('lines are split at 0x0A only, and what has no newline is told', async (t) => {
  const path = join(await makeScratchFolder(t), 'lines');
  const text = 'a\r\nb\u2028c\u0085\n\n\x0b\x0cd';
  await writeFile(path, text);
  const found: [number, string, boolean][] = [];
  for await (const { offset, bytes, isWhole } of readLines(nodeFileSystem, path, 0))
    found.push([offset, bytes.toString(), isWhole]);
  assert.deepEqual(found, [
    [0, 'a\r', true],
    [3, 'b\u2028c\u0085', true],
    [11, '', true],
    [12, '\x0b\x0cd', false],
  ]);
});

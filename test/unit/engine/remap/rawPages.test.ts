import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { toJsonLine, type JsonValue } from '../../../../src/core/json.ts';
import { rawPages, rawStart, type RawPlace } from '../../../../src/engine/remap/rawPages.ts';
import type { JournalPart } from '../../../../src/engine/remap/rawRanges.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { createTestSession, makeScratchFolder } from '../../../fixtures/storageSession.ts';

const at = (unit: number, cursor: JsonValue = null): object => ({ unit, intent: null, cursor });

function item(unit: number, i: number, value: JsonValue): string {
  return toJsonLine({ ...at(unit), i, item: value });
}

function mark(unit: number, items: number): string {
  return toJsonLine({ ...at(unit), end: true, items, next: null });
}

function page(unit: number, ...items: readonly JsonValue[]): string[] {
  return [...items.map((value, i) => item(unit, i, value)), mark(unit, items.length)];
}

interface Raw {
  readonly part: JournalPart;
  readonly file: string;
  readonly path: string;
}

/** A session with a raw file: each list of lines is a commit. */
async function makeRaw(t: TestContext, commits: readonly (readonly string[])[]): Promise<Raw> {
  const store = await createTestSession(await makeScratchFolder(t));
  for (const raw of commits) await store.hand({ unit: 1, raw });
  const { file = '' } = store.view.files.find(({ role }) => role === 'raw') ?? {};
  const { seq } = store.view;
  await store.close(true);
  const { layout } = store;
  const part = { fileSystem: nodeFileSystem, journal: layout.journal, seq };
  return { part, file, path: layout.absolute(file) };
}

interface Read {
  readonly items: readonly (readonly [unit: number, item: JsonValue])[];
  readonly place: RawPlace;
  /** Where one may go on. */
  readonly places: readonly RawPlace[];
}

async function read({ part, file, path }: Raw, from = rawStart): Promise<Read> {
  const items: [number, JsonValue][] = [];
  const places: RawPlace[] = [];
  const { signal } = new AbortController();
  for await (const pages of rawPages(part, file, path, from, signal)) {
    for (const { unit, item: value } of pages.items) items.push([unit, value]);
    places.push(pages.after);
  }
  return { items, place: places.at(-1) ?? from, places };
}

test('whole pages, in their order; one without its mark, or with another count, is left out', async (t) => {
  const raw = await makeRaw(t, [
    [...page(1, 'a', 'b'), ...page(2, 'c')],
    [...page(3)],
    [item(4, 0, 'torn'), item(4, 1, 'torn'), ...page(5, 'd')],
    [item(6, 0, 'short'), mark(6, 2)],
    [item(7, 0, 'other unit'), mark(8, 1)],
    [item(9, 0, 'at the end')],
  ]);
  const { items, place } = await read(raw);
  assert.deepEqual(items, [
    [1, 'a'],
    [1, 'b'],
    [2, 'c'],
    [5, 'd'],
  ]);
  assert.deepEqual([place.items, place.unfinished, place.lost], [4, 4, 0]);
});

test('a page that is asked for again begins anew', async (t) => {
  const raw = await makeRaw(t, [[item(1, 0, 'torn'), ...page(1, 'a', 'b')]]);
  const { items, place } = await read(raw);
  assert.deepEqual(items, [
    [1, 'a'],
    [1, 'b'],
  ]);
  assert.equal(place.unfinished, 1);
});

test('damaged lines are left out one by one, wherever they are', async (t) => {
  const commits = [page(1, 'a1', 'b1'), page(2, 'a2', 'b2'), page(3, 'a3', 'b3')];
  const lines = commits.flat();
  for (const [n, line] of lines.entries()) {
    const raw = await makeRaw(t, commits);
    const text = await readFile(raw.path, 'utf8');
    // A digit of the unit: still a good line of JSON.
    await writeFile(raw.path, text.replace(line, line.replace(/"unit":\d/, '"unit":9')));
    const { items, place } = await read(raw);
    const isMark = n % 3 === 2;
    const wanted = ['a1', 'b1', 'a2', 'b2', 'a3', 'b3'];
    if (!isMark) wanted.splice(Math.floor(n / 3) * 2 + (n % 3), 1);
    assert.deepEqual(
      items.map(([, value]) => value),
      wanted,
      `line ${n}`,
    );
    assert.deepEqual([place.lost, place.unfinished], [1, 0]);
  }
});

test('a file that is cut off is read as far as it goes', async (t) => {
  const raw = await makeRaw(t, [page(1, 'a', 'b'), page(2, 'c')]);
  const text = await readFile(raw.path, 'utf8');
  await writeFile(raw.path, text.slice(0, -5));
  const { items, place } = await read(raw);
  assert.deepEqual(items, [
    [1, 'a'],
    [1, 'b'],
    [2, 'c'],
  ]);
  assert.equal(place.lost, 1);
});

test('from every place on that it gives, the rest comes, and the counts go on', async (t) => {
  const long = 'x'.repeat(300_000);
  const commits = Array.from({ length: 20 }, (_, n) =>
    n % 5 === 4 ? [item(n, 0, 'torn')] : [...page(n, `${n}a`, long), ...page(n, `${n}b`)],
  );
  const raw = await makeRaw(t, commits);
  const text = await readFile(raw.path, 'utf8');
  await writeFile(raw.path, text.replace('"7a"', '"7~"'));
  const whole = await read(raw);
  assert.ok(whole.places.length > 3, `${whole.places.length} places`);
  assert.deepEqual([whole.place.unfinished, whole.place.lost], [4, 1]);
  for (const from of whole.places) {
    const rest = await read(raw, from);
    assert.deepEqual(rest.items, whole.items.slice(from.items));
    assert.deepEqual(rest.place, whole.place);
  }
});

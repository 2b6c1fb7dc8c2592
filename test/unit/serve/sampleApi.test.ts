import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SampleNote, startSampleApi, toNote } from '../../../src/serve/sampleApi.ts';
import { samplePaperCount, samplePapers } from '../../../src/serve/samplePapers.ts';

interface Notes {
  readonly notes: readonly SampleNote[];
  readonly count?: number;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return (await response.json()) as T;
}

test('keyset paging gives every paper of a venue and year once, then an empty page', async (t) => {
  const api = await startSampleApi();
  t.after(() => api.close());
  const base = `${api.url}notes?content.venueid=iclr.cc/2024/Conference&sort=id&limit=30`;
  const ids: string[] = [];
  for (let after = ''; ;) {
    const { notes, count } = await get<Notes>(after === '' ? base : `${base}&after=${after}`);
    assert.equal(count, undefined);
    const last = notes.at(-1);
    if (last === undefined) break;
    ids.push(...notes.map((note) => note.id));
    after = last.id;
  }
  const expected = samplePapers.filter((paper) => paper.venue === 'iclr' && paper.year === 2024);
  assert.deepEqual(ids, expected.map((paper) => paper.id).sort());
  assert.equal(ids.length, samplePaperCount('iclr', 2024));
});

test('values are wrapped, limit is capped without a word, count comes when asked for', async (t) => {
  const api = await startSampleApi();
  t.after(() => api.close());
  const { notes, count } = await get<Notes>(`${api.url}notes?limit=100000&count=true`);
  assert.equal(count, samplePapers.length);
  assert.equal(notes.length, 1_000);
  assert.ok(samplePapers.length > 1_000);
  const first = samplePapers[0];
  assert.ok(first !== undefined);
  assert.deepEqual(notes[0], toNote(first));
  assert.deepEqual(notes[0].content['title'], { value: first.title });
});

test('/papers leads by its Link header to the last page', async (t) => {
  const api = await startSampleApi();
  t.after(() => api.close());
  const ids: string[] = [];
  let next: string | undefined = `${api.url}papers?venue=icml&year=2023&per_page=50`;
  while (next !== undefined) {
    const response = await fetch(next);
    assert.equal(response.headers.get('x-total-count'), String(samplePaperCount('icml', 2023)));
    ids.push(...((await response.json()) as { id: string }[]).map((paper) => paper.id));
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  const expected = samplePapers.filter((paper) => paper.venue === 'icml' && paper.year === 2023);
  assert.deepEqual(
    ids,
    expected.map((paper) => paper.id),
  );
});

test('ids are unique, and their order is not the order of numbers', () => {
  const ids = samplePapers.map((paper) => paper.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.notDeepEqual(ids.toSorted(), ids);
});

test('bad parameters are told with status 400', async (t) => {
  const api = await startSampleApi();
  t.after(() => api.close());
  for (const query of ['notes?limit=0', 'notes?after=x', 'notes?offset=-1', 'papers?page=0']) {
    assert.equal((await fetch(`${api.url}${query}`)).status, 400, query);
  }
  assert.equal((await fetch(`${api.url}elsewhere`)).status, 404);
});

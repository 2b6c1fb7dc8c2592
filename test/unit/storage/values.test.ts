import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseJson, toJsonLine, type JsonObject, type JsonValue } from '../../../src/core/json.ts';
import { recordKey } from '../../../src/core/keys.ts';
import {
  claim,
  copyAsKilled,
  createTestSession,
  makeScratchFolder,
  masterPath,
  newUnit,
  openTestSession,
  prepared,
  preparedReject,
} from '../../fixtures/storageSession.ts';

/** Records with what breaks naive stores, as their JSON text. */
const odd: Record<string, string> = {
  'line separators': '{"id":"\\u2028\\u2029","t":"a\\u2028b"}',
  'lone surrogates': '{"id":"\\ud800","\\udfff":"x\\ud83d"}',
  __proto__: '{"id":"p","__proto__":{"a":1},"constructor":1}',
  'integers of 20 digits': '{"id":12345678901234567890,"n":[-98765432109876543210]}',
  'control characters': '{"id":"\\u0000\\u001f\\n\\r\\t\\\\\\""}',
  'emoji and right-to-left': '{"id":"👩‍👩‍👧‍👦","t":"שלום"}',
  'deep nesting': `{"id":"deep","x":${'['.repeat(500)}1${']'.repeat(500)}}`,
  'empty names': '{"id":"e","":"","  ":null}',
  'numbers at the edge': '{"id":9007199254740993,"x":1e-300,"y":-0.1,"z":9007199254740991}',
};

for (const [what, text] of Object.entries(odd)) {
  test(`${what} come through a commit and back, byte for byte, also as cursor, input and reject`, async (t) => {
    const folder = await makeScratchFolder(t);
    const store = await createTestSession(join(folder, 'a'));
    t.after(() => store.close(false));
    const record = parseJson(text) as JsonObject;
    const cursor: JsonValue = { at: record };
    await store.hand({ newUnits: [newUnit('u', { input: record })] });
    await claim(store, 1);
    const rejected = [preparedReject(1, record)];
    await store.hand({ unit: 1, records: [prepared(record)], rejected });
    await store.hand({ unit: 1, events: [{ type: 'advanced', unit: 1, cursor }] });
    const line = toJsonLine(record);
    const bytes = await readFile(masterPath(store));
    assert.equal(bytes.toString(), `${line}\n`);
    assert.ok(Buffer.from(bytes.toString()).equals(bytes), 'valid UTF-8');
    assert.equal(bytes.toString().split(/\r\n|[\n\r\u2028\u2029\u0085]/).length, 2, 'one line');
    assert.equal(toJsonLine(parseJson(line)), line);

    const copy = await copyAsKilled(store.layout.root, join(folder, 'b'));
    const { store: again } = await openTestSession(copy, store.layout.session);
    t.after(() => again.close(false));
    const [unit] = await again.pendingUnits('host', 0, 1);
    assert.equal(toJsonLine(unit?.input ?? null), line);
    assert.equal(toJsonLine(sorted(unit?.cursor ?? null)), toJsonLine(sorted(cursor)));
    const receipt = await again.hand({ records: [prepared(parseJson(text) as JsonObject)] });
    assert.equal(receipt.duplicates, 1);
    const file = again.view.files.find((f) => f.role === 'rejected')?.file ?? '';
    const reject = await readFile(join(copy, file), 'utf8');
    assert.equal(reject, `{"reason":"test","unit":1,"record":${line}}\n`);
  });
}

test('a field of 10 MB comes through, next to small ones', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  t.after(() => store.close(true));
  const big = 'é'.repeat(5_000_000);
  await Promise.all([
    store.hand({ records: [prepared({ id: 1 })] }),
    store.hand({ records: [prepared({ id: 2, big }), prepared({ id: 3 })] }),
    store.hand({ records: [prepared({ id: 4 })] }),
  ]);
  const lines = (await readFile(masterPath(store), 'utf8')).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { id: number }).id),
    [1, 2, 3, 4],
  );
  assert.equal((JSON.parse(lines[1] ?? '') as { big: string }).big, big);
});

test('two integers that differ only past 2^53 are two records', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  t.after(() => store.close(true));
  const receipt = await store.hand({
    records: [
      '9007199254740992',
      '9007199254740993',
      '12345678901234567890',
      '12345678901234567891',
    ].map((id) => prepared(parseJson(`{"id":${id}}`) as JsonObject)),
  });
  assert.deepEqual([receipt.records, receipt.duplicates], [4, 0]);
  assert.notDeepEqual(recordKey({ id: 1 }, ['id']), recordKey({ id: '1' }, ['id']));
});

/** Cursors are kept with their keys sorted. */
function sorted(value: JsonValue): JsonValue {
  return parseJson(
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner) && !('rawJSON' in inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ),
  );
}

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import type { IntentEvent } from '../../../../src/core/events.ts';
import type { InDoubtWord } from '../../../../src/core/recoveryData.ts';
import { refuseInDoubt, settleInDoubt } from '../../../../src/engine/recovery/inDoubt.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import type { SessionStore } from '../../../../src/storage/sessionStore.ts';
import {
  claim,
  createTestSession,
  makeScratchFolder,
  openTestSession,
  planUnits,
} from '../../../fixtures/storageSession.ts';

const intent = (unit: number): IntentEvent => ({
  type: 'intent',
  intent: `i${unit}`,
  unit,
  what: 'a page',
  reservedMicroUsd: 10,
  inputHash: 'h',
});

/** Units 1 to 3 were under way when the process died, 4 was not; the line with the call of unit 2 is damaged. */
async function withGap(t: TestContext): Promise<{ root: string; store: SessionStore }> {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  await planUnits(store, 'a', 'b', 'c', 'd');
  await claim(store, 1);
  await store.record(intent(1));
  await store.record({ type: 'claimed', unit: 2, attempt: 1 }, intent(2));
  await claim(store, 3);
  await store.close(false);
  const journal = await readFile(store.layout.journal, 'utf8');
  await writeFile(store.layout.journal, journal.replace('"intent":"i2"', '"intent":"i9"'));
  return { root, store };
}

test('a damaged journal of a session that pays waits for a person, whoever looks calls up', async (t) => {
  const { store } = await withGap(t);
  for (const rule of ['ask', 'look-up', 'repeat'] as const) {
    await assert.rejects(refuseInDoubt(nodeFileSystem, store.layout, rule), {
      code: 'IN_DOUBT',
      message: /are damaged .* and paid calls may be in them/,
    });
  }
});

const outcomes: readonly [word: InDoubtWord, failed: string[], pending: string[]][] = [
  ['count-as-spent', ['a', 'b', 'c'], ['d']],
  ['repeat', [], ['a', 'b', 'c', 'd']],
];
for (const [word, failed, pending] of outcomes) {
  test(`damaged lines and calls in doubt: ${word}`, async (t) => {
    const { root, store } = await withGap(t);
    const { store: again, recovered } = await openTestSession(root, store.layout.session);
    t.after(() => again.close(true));
    assert.equal(recovered?.journalGaps, 1);
    assert.equal(await settleInDoubt(again, { rule: 'ask', word, hasNewGap: true }), 1);
    assert.deepEqual(
      (await again.failedUnits()).map((unit) => unit.key),
      failed,
    );
    assert.deepEqual(
      (await again.pendingUnits('host', 0, 9)).map((unit) => unit.key),
      pending,
    );
    assert.deepEqual([again.view.spentMicroUsd, again.view.reservedMicroUsd], [10, 0]);
    // Once a person has said what to do, it is done.
    await refuseInDoubt(nodeFileSystem, again.layout, 'ask');
  });
}

test('without a word, calls in doubt are only let be where the source looks them up', async (t) => {
  const root = await makeScratchFolder(t);
  const store = await createTestSession(root);
  t.after(() => store.close(true));
  await planUnits(store, 'a');
  await store.record(intent(1));
  const word = undefined;
  const hasNewGap = false;
  assert.equal(await settleInDoubt(store, { rule: 'look-up', word, hasNewGap }), 0);
  assert.equal(store.view.reservedMicroUsd, 10);
  await assert.rejects(settleInDoubt(store, { rule: 'ask', word, hasNewGap }), {
    code: 'IN_DOUBT',
  });
  assert.equal(await settleInDoubt(store, { rule: 'repeat', word, hasNewGap }), 1);
  assert.deepEqual([store.view.spentMicroUsd, store.view.reservedMicroUsd], [10, 0]);
});

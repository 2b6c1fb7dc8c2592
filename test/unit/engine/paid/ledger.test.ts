import assert from 'node:assert/strict';
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { RetryError } from '../../../../src/core/errors.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import { inDoubtMicroUsdOf } from '../../../../src/engine/paid/callsInDoubt.ts';
import { settleInDoubt } from '../../../../src/engine/recovery/inDoubt.ts';
import type { SessionRun } from '../../../../src/engine/sessionRun.ts';
import type { DoubtRule } from '../../../../src/sources/source.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import type { SessionStore } from '../../../../src/storage/sessionStore.ts';
import {
  itemsPerPage,
  pagePrice,
  Shop,
  shopIds,
  shopPages,
  shopRun,
  ShopSource,
} from '../../../fixtures/shop.ts';
import {
  createTestSession,
  dataLines,
  makeScratchFolder,
  masterIds,
  openTestSession,
  testCollection,
  testPorts,
} from '../../../fixtures/storageSession.ts';

const units = ['u', 'v'];

interface Bought {
  readonly root: string;
  readonly shop: Shop;
  readonly store: SessionStore;
  readonly run: SessionRun;
  readonly source: ShopSource;
}

async function begin(
  t: TestContext,
  parts: Record<string, unknown> = {},
  kind: 'pages' | 'runs' = 'pages',
): Promise<Bought> {
  const root = await makeScratchFolder(t);
  const shop = new Shop();
  const store = await createTestSession(root, testPorts(), collectionOf(parts));
  const source = new ShopSource(shop, kind, units);
  const run = await shopRun(store, source, kind === 'pages' ? 'ask' : 'look-up');
  return { root, shop, store, run, source };
}

function collectionOf(parts: Record<string, unknown>) {
  return testCollection({ limits: { concurrency: 1 }, durability: { flushEvery: 1 }, ...parts });
}

async function toEnd(run: SessionRun): Promise<string> {
  run.onChange(() => {
    if (run.pausedByGuard !== undefined) void run.stop('user');
  });
  await run.start();
  const { state, pausedBy } = await run.finished;
  return pausedBy === undefined ? state : `${state}, ${pausedBy}`;
}

/** Takes the session up again, with the same shop. */
async function again(
  { root, shop, store }: Pick<Bought, 'root' | 'shop' | 'store'>,
  parts: Record<string, unknown> = {},
  rule: DoubtRule = 'ask',
): Promise<{ store: SessionStore; run: SessionRun; source: ShopSource }> {
  const collection = collectionOf(parts);
  const { store: opened } = await openTestSession(
    root,
    store.layout.session,
    testPorts(),
    collection,
  );
  await settleInDoubt(opened, { rule, word: undefined, hasNewGap: false });
  const source = new ShopSource(shop, rule === 'look-up' ? 'runs' : 'pages', units);
  return { store: opened, run: await shopRun(opened, source, rule), source };
}

function fileOf(root: string, store: SessionStore, role: 'raw' | 'master'): string {
  const file = store.view.files.find((f) => f.role === role)?.file;
  assert.ok(file);
  return join(root, file);
}

test('everything is bought once, kept, and counted', async (t) => {
  const { root, shop, store, run } = await begin(t);
  assert.equal(await toEnd(run), 'completed');
  assert.deepEqual((await masterIds(root, store.view)).sort(), shopIds(units).sort());
  assert.equal(shop.sales.length, units.length * shopPages);
  assert.deepEqual([store.view.spentMicroUsd, store.view.reservedMicroUsd], [shop.bill, 0]);
  const raw = await dataLines(root, store.view, 'raw');
  assert.equal(raw.length, units.length * shopPages * (itemsPerPage + 1));
  assert.ok(raw.every((line) => typeof line['intent'] === 'string'));
});

test('an answer is in the raw file, durably, before anything is made of it', async (t) => {
  const { root, store, run, source } = await begin(t);
  const seen: boolean[] = [];
  source.map = (item: JsonObject) => {
    const { raw } = Object.fromEntries(store.view.files.map((f) => [f.role, f.bytes]));
    seen.push((raw ?? 0) > 0);
    return item;
  };
  await toEnd(run);
  assert.ok(seen.length > 0 && seen.every(Boolean));
  assert.ok((await readFile(fileOf(root, store, 'raw'))).length > 0);
});

test('what was answered and not mapped comes from the raw file: it is not bought again', async (t) => {
  const bought = await begin(t, { limits: { concurrency: 1, target: 1 } });
  assert.equal(await toEnd(bought.run), 'completed');
  // The target cut the page: one of its two records is in the master, both are in raw.
  assert.equal(bought.shop.sales.length, 1);
  const { store, run } = await again(bought);
  assert.equal(await toEnd(run), 'completed');
  assert.deepEqual((await masterIds(bought.root, store.view)).sort(), shopIds(units).sort());
  assert.equal(bought.shop.sales.length, units.length * shopPages);
});

test('a unit whose records are lost is made of the raw file again, without a call', async (t) => {
  const bought = await begin(t);
  await toEnd(bought.run);
  await truncate(fileOf(bought.root, bought.store, 'master'), 0);
  const sold = bought.shop.sales.length;
  const { store, run } = await again(bought);
  assert.equal(await toEnd(run), 'completed');
  assert.deepEqual((await masterIds(bought.root, store.view)).sort(), shopIds(units).sort());
  assert.equal(bought.shop.sales.length, sold);
  assert.equal(store.view.units.done, units.length);
});

test('an answer that is gone is not paid for again without a person', async (t) => {
  const bought = await begin(t);
  await toEnd(bought.run);
  await truncate(fileOf(bought.root, bought.store, 'master'), 0);
  await truncate(fileOf(bought.root, bought.store, 'raw'), 0);
  const sold = bought.shop.sales.length;
  const second = await again(bought);
  assert.equal(await toEnd(second.run), 'completed');
  assert.equal(bought.shop.sales.length, sold);
  assert.equal(second.store.view.units.failed, units.length);
  assert.equal(second.store.view.errors[0]?.code, 'PAID_ANSWER_LOST');

  const third = await again({ ...bought, store: second.store });
  await third.run.start();
  assert.equal(await third.run.retryFailed([1]), 1);
  await third.run.finished;
  assert.equal(bought.shop.sales.length, sold + shopPages, 'a person has asked for unit 1');
  assert.deepEqual(await masterIds(bought.root, third.store.view), shopIds(['u']));
});

/** A session that was killed when the answer to its second call was on disk, and the journal knew of the call only. */
async function killedWithTail(
  t: TestContext,
  tail: (page: readonly string[]) => string,
): Promise<Bought> {
  const bought = await begin(t, { limits: { concurrency: 1, maxUsd: pagePrice / 1e6 } });
  assert.equal(await toEnd(bought.run), 'stopped, budget');
  const raw = fileOf(bought.root, bought.store, 'raw');
  const intent = 'aaaa';
  const { session } = bought.store.layout;
  const left = await openTestSession(bought.root, session, testPorts(), collectionOf({}));
  const what = { unit: 1, what: 'page 1 of u', reservedMicroUsd: pagePrice, inputHash: 'h' };
  await left.store.record({ type: 'intent', intent, ...what });
  await left.store.close(false);
  const at = { unit: 1, intent, cursor: 1 };
  const page = [
    { ...at, i: 0, item: { id: 'u-1-0' } },
    { ...at, i: 1, item: { id: 'u-1-1' } },
    { ...at, end: true, items: 2, next: 2 },
  ];
  await appendFile(raw, tail(page.map((line) => `${JSON.stringify(line)}\n`)));
  return bought;
}

test('a whole page after the last journalled byte of the raw file is taken, a torn one is not', async (t) => {
  const torn = '{"unit":1,"intent":"aaaa","cur';
  const bought = await killedWithTail(t, (page) => page.join('') + torn);
  const { store, run } = await again(bought);
  assert.equal(store.view.spentMicroUsd, 2 * pagePrice);
  assert.equal(store.view.reservedMicroUsd, 0);
  assert.equal(await toEnd(run), 'completed');
  assert.deepEqual((await masterIds(bought.root, store.view)).sort(), shopIds(units).sort());
  const pages = bought.shop.sales.map(({ unit, page: number }) => `${unit}-${number}`);
  assert.ok(!pages.includes('u-1'), 'page 1 was on disk');
  assert.equal(pages.length, units.length * shopPages - 1);
});

test('a page that lacks a line is not taken: whoever asks for it again has to say so', async (t) => {
  for (const tail of [
    (page: readonly string[]) => page.slice(0, 2).join(''),
    (page: readonly string[]) => page.slice(1).join(''),
  ]) {
    const bought = await killedWithTail(t, tail);
    await assert.rejects(again(bought), { code: 'IN_DOUBT' });
  }
});

test('the budget pauses the session before the call that may pass it; raised, it goes on', async (t) => {
  const limits = { concurrency: 2, maxUsd: (2.5 * pagePrice) / 1e6 };
  const bought = await begin(t, { limits });
  assert.equal(await toEnd(bought.run), 'stopped, budget');
  assert.equal(bought.shop.sales.length, 2);
  const raised = await again(bought, { limits: { ...limits, maxUsd: 1 } });
  assert.equal(await toEnd(raised.run), 'completed');
  assert.equal(raised.store.view.spentMicroUsd, units.length * shopPages * pagePrice);
  assert.equal(bought.shop.sales.length, units.length * shopPages);
});

test('a run that was started and not named is found again; one that never left is started', async (t) => {
  for (const when of ['before', 'after'] as const) {
    const bought = await begin(t, {}, 'runs');
    const { promise: met, resolve: meet } = Promise.withResolvers<undefined>();
    const { promise: dead, reject: die } = Promise.withResolvers<undefined>();
    bought.source.onCall = async (at) => {
      if (at !== when || bought.store.view.reservedMicroUsd === 0) return;
      meet(undefined);
      // As far as this process gets.
      await dead;
    };
    await bought.run.start();
    await met;
    bought.store.abandon();
    await bought.store.close(false);
    die(new Error('The process is dead.'));
    await bought.run.finished;
    const { store, run } = await again(bought, {}, 'look-up');
    assert.equal(await toEnd(run), 'completed');
    assert.deepEqual((await masterIds(bought.root, store.view)).sort(), shopIds(units).sort());
    assert.deepEqual(bought.shop.sales.map((sale) => sale.unit).sort(), units);
    assert.equal(store.view.spentMicroUsd, bought.shop.bill);
  }
});

test('the money of a call is in doubt from when its unit gave it up until it is found', async (t) => {
  const bought = await begin(t, { retry: { attempts: 3, baseMs: 50, maxMs: 50 } }, 'runs');
  const { run, source, store } = bought;
  const worstCase = pagePrice * (shopPages + 1);
  const inDoubt = (): number => run.snapshot().live.inDoubtMicroUsd;
  const seen: number[] = [];
  const told = new Set<number>();
  run.onChange(() => told.add(inDoubt()));
  let calls = 0;
  source.onCall = (when) => {
    seen.push(inDoubt());
    if (when === 'before') calls += 1;
    if (when === 'after' && calls === 1) {
      calls += 1;
      return Promise.reject(new RetryError('CUT', 'The line was cut.'));
    }
    return Promise.resolve();
  };
  assert.equal(await toEnd(run), 'completed');
  // Before and after the first call it is under way; then its unit waits for another try.
  assert.deepEqual(seen.slice(0, 2), [0, 0]);
  assert.deepEqual([...told].sort(), [0, worstCase]);
  assert.equal(inDoubt(), 0);
  assert.equal(bought.shop.sales.length, units.length);
  assert.equal(store.view.reservedMicroUsd, 0);
});

test('the money of a call in doubt is known of a session that nobody carries out', async (t) => {
  const bought = await begin(t, {}, 'runs');
  const { promise: met, resolve: meet } = Promise.withResolvers<undefined>();
  const { promise: dead, reject: die } = Promise.withResolvers<undefined>();
  bought.source.onCall = async () => {
    meet(undefined);
    await dead;
  };
  await bought.run.start();
  await met;
  assert.equal(bought.run.snapshot().live.inDoubtMicroUsd, 0);
  bought.store.abandon();
  await bought.store.close(false);
  die(new Error('The process is dead.'));
  await bought.run.finished;
  const worstCase = pagePrice * (shopPages + 1);
  assert.equal(await inDoubtMicroUsdOf(nodeFileSystem, bought.store.layout), worstCase);
  const { run } = await again(bought, {}, 'look-up');
  assert.equal(run.snapshot().live.inDoubtMicroUsd, worstCase);
  assert.equal(await toEnd(run), 'completed');
  assert.equal(run.snapshot().live.inDoubtMicroUsd, 0);
});

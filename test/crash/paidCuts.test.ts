/**
 * Records a session that pays, call by call, and takes up every state that a power cut could have left of it, with the
 * other side as it was then: what was paid for is there, and is not paid for twice.
 *
 *   npm run test:crash -- paidCuts.test.ts --every-cut
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parseArgs } from 'node:util';
import { settleInDoubt } from '../../src/engine/recovery/inDoubt.ts';
import type { SessionRun } from '../../src/engine/sessionRun.ts';
import type { DoubtRule } from '../../src/sources/source.ts';
import { nodeFileSystem } from '../../src/storage/fileSystem.ts';
import { listSessions } from '../../src/storage/sessions.ts';
import {
  materialise,
  RecordingFileSystem,
  type CrashMode,
} from '../fixtures/recordingFileSystem.ts';
import { tickingClock } from '../fixtures/scriptRun.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { Shop, shopIds, shopPages, shopRun, ShopSource } from '../fixtures/shop.ts';
import {
  createTestSession,
  dataLines,
  masterIds,
  newScratchFolder,
  openTestSession,
  readJournal,
  testCollection,
  testPorts,
  unsyncedFileSystem,
} from '../fixtures/storageSession.ts';

const { values } = parseArgs({
  options: { 'every-cut': { type: 'boolean', default: false } },
  strict: false,
});
const step = values['every-cut'] === true ? 1 : 9;

const units = ['u', 'v', 'w'];
const maxUsd = 0.05;
const collection = testCollection({
  limits: { maxUsd, concurrency: 2, perHost: { concurrency: 2 } },
  durability: { flushEvery: 1 },
  checkpoints: { everyUnits: 1 },
});

type Kind = 'pages' | 'runs';
const rules: Readonly<Record<Kind, DoubtRule>> = { pages: 'ask', runs: 'look-up' };

interface Recording {
  readonly kind: Kind;
  readonly disk: RecordingFileSystem;
  readonly session: string;
  readonly shop: Shop;
  readonly createdAt: number;
}

let scratch = '';
const recordings = new Map<Kind, Recording>();

before(async () => {
  scratch = await newScratchFolder();
  for (const kind of ['pages', 'runs'] as const) {
    recordings.set(kind, await record(kind, join(scratch, kind)));
  }
});
after(() => rm(scratch, { recursive: true, force: true }));

/** Begun, stopped in the middle of its calls, taken up and finished. */
async function record(kind: Kind, root: string): Promise<Recording> {
  await mkdir(root);
  const disk = new RecordingFileSystem(nodeFileSystem, root);
  const shop = new Shop();
  shop.now = () => disk.log.length;
  const ports = testPorts(disk, { clock: tickingClock() });
  const stopRecording = disk.recordAtomicWrites();
  try {
    const first = await createTestSession(root, ports, collection);
    const createdAt = disk.log.length;
    const source = new ShopSource(shop, kind, units);
    let calls = 0;
    const begun = await shopRun(first, source, rules[kind]);
    source.onCall = async () => {
      calls += 1;
      if (calls === 7) void begun.stop('user');
      await Promise.resolve();
    };
    await carry(begun, 'stopped');
    const { session } = first.layout;
    const { store: second } = await openTestSession(root, session, ports, collection);
    await settle(second, kind);
    await carry(await shopRun(second, new ShopSource(shop, kind, units), rules[kind]), 'completed');
    return { kind, disk, session, shop, createdAt };
  } finally {
    stopRecording();
  }
}

function settle(store: Parameters<typeof settleInDoubt>[0], kind: Kind): Promise<number> {
  const word = kind === 'pages' ? ('repeat' as const) : undefined;
  return settleInDoubt(store, { rule: rules[kind], word, hasNewGap: false });
}

async function carry(run: SessionRun, expected: string): Promise<void> {
  run.onChange(() => {
    if (run.pausedByGuard !== undefined) void run.stop('user');
  });
  await run.start();
  const end = await run.finished;
  assert.equal(end.state, expected, end.error?.stack ?? end.pauseMessage);
}

/** Takes the session up as it is after the first `count` calls and a power cut. */
async function surviveCut(
  { kind, disk, session, shop: allSales, createdAt }: Recording,
  count: number,
  mode: CrashMode,
  random: SeededRandom,
): Promise<void> {
  const root = await mkdtemp(join(scratch, 'cut-'));
  try {
    await materialise(disk.diskAfter(count, mode, random), root);
    const found = await listSessions(unsyncedFileSystem, testPorts().machine, root);
    if (count < createdAt && found.length === 0) return;
    const ports = testPorts(unsyncedFileSystem, {
      clock: tickingClock(Date.UTC(2026, 10, 22)),
      // After another start of the machine: nobody holds the session.
      machine: { machineId: 'm', host: 'test-host', bootId: 'later' },
    });
    const shop = allSales.asOf(count);
    const { store } = await openTestSession(root, session, ports, collection);
    const settled = await settle(store, kind);
    const run = await shopRun(store, new ShopSource(shop, kind, units), rules[kind]);
    if (store.view.state === 'completed') await run.stop('user');
    else await carry(run, 'completed');
    assert.deepEqual((await masterIds(root, store.view)).sort(), shopIds(units).sort());
    await checkBill(shop, store.layout, kind, settled);
    const lines = await dataLines(root, store.view, 'raw');
    const items = lines.filter((line) => line['end'] !== true).map((line) => line['item']);
    const ids = items.map((item) => (item as { id: string }).id).sort();
    assert.deepEqual(ids, shopIds(units).sort(), 'raw has everything that was sold, once');
    const { spentMicroUsd, reservedMicroUsd } = store.view;
    assert.equal(reservedMicroUsd, 0);
    assert.ok(spentMicroUsd >= shop.bill, `${spentMicroUsd} are spent, the bill is ${shop.bill}`);
    assert.ok(spentMicroUsd <= maxUsd * 1e6);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function checkBill(
  shop: Shop,
  layout: Parameters<typeof readJournal>[0],
  kind: Kind,
  settled: number,
): Promise<void> {
  const { entries } = await readJournal(layout);
  const events = entries.flatMap((entry) => entry.events);
  const intents = new Set(events.flatMap((e) => (e.type === 'intent' ? e.intent : [])));
  for (const { intent } of shop.sales) {
    assert.ok(intents.has(intent), 'nothing is bought that was not written down before');
  }
  const sold = shop.sales.map(({ unit, page }) => `${unit} ${page ?? ''}`);
  const twice = sold.length - new Set(sold).size;
  if (kind === 'runs') assert.equal(twice, 0, 'no run is bought twice');
  // What a person's word repeats may be bought twice, and nothing else.
  else assert.ok(twice <= settled, `${twice} pages are bought twice, ${settled} were in doubt`);
  assert.equal(new Set(sold).size, kind === 'runs' ? units.length : units.length * shopPages);
}

suite('a session that pays survives a power cut', () => {
  for (const kind of ['pages', 'runs'] as const) {
    for (const mode of ['dropped', 'applied', 'torn'] as const) {
      test(`${kind}: what was not synced is ${mode}`, async (t) => {
        const recording = recordings.get(kind);
        assert.ok(recording);
        const random = new SeededRandom(7);
        let states = 0;
        const { length } = recording.disk.log;
        for (let count = 1; count <= length; count += step) {
          await surviveCut(recording, count, mode, random);
          states += 1;
        }
        t.diagnostic(`${states} states of ${length} calls`);
      });
    }
  }
});

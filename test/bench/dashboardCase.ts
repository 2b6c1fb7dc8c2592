import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright';
import { ensureBrowser, launchBrowser } from '../../.ci/browser.ts';
import { formatsFor } from '../../src/core/format.ts';
import { diffSnapshots, type SessionSnapshot } from '../../src/core/live.ts';
import { dashboardStrings } from '../../src/host/dashboard/dashboardStrings.ts';
import type { DashboardEvents, DashboardRequests } from '../../src/protocol/dashboard.ts';
import type { Handlers } from '../../src/protocol/rpc.ts';
import { samplePast } from '../fixtures/dashboardModels.ts';
import { PageLab } from '../fixtures/pageLab.ts';
import { deltasPerSecond, ModelRun } from './dashboardFeed.ts';
import { spread } from './measure.ts';
import type { Figure } from './report.ts';

const recordsPerSecond = 2000;
/** A run of this bench is so long: `--runs 150` are ten minutes. */
const secondsInRun = 4;
/** What is out of sight follows that late. */
const outOfSightMs = 3000;
const locale = 'en-US';
/** How often the page's memory is looked at. */
const moments = 10;

/**
 * The dashboard's page at 2,000 records a second: what it takes of a core, whether its memory stays, and whether every
 * figure arrives. The page is the real one, in a browser of its own; a model of such a run tells it what a worker would.
 * What it takes to be told that in this way, another page shows, which is told the same and does nothing.
 */
export async function measureDashboard(runs: number): Promise<Figure[]> {
  const seconds = runs * secondsInRun;
  const missing = await ensureBrowser();
  if (missing !== undefined) throw new Error(missing);
  const browser = await launchBrowser();
  try {
    const run = new ModelRun(recordsPerSecond);
    const lab = await openPage(browser, run);
    const deaf = await PageLab.openDeaf<DashboardEvents>(browser);
    const cdp = await clockOf(lab.page);
    const deafCdp = await clockOf(deaf.page);
    const tell = (count: number) => tellOn(run, [lab, deaf], count);
    const each = Math.ceil((seconds * deltasPerSecond) / moments);
    // The charts are full, and what is compiled is compiled, before anything is measured.
    await tell(each);
    const heapsMb = [await heapMb(cdp)];
    const busy: number[] = [];
    const telling: number[] = [];
    for (let moment = 1; moment <= moments; moment += 1) {
      const [share = 0, ofTelling = 0] = await sharesOfCore([cdp, deafCdp], () => tell(each));
      busy.push(share - ofTelling);
      telling.push(ofTelling);
      heapsMb.push(await heapMb(cdp));
    }
    await wait(outOfSightMs + 500);
    await lab.drawn();
    await assertFigures(lab, run.snapshot);
    assert.deepEqual(lab.complaints, []);
    const [first = 0] = heapsMb;
    const name = `Dashboard, ${recordsPerSecond} records/s, ${seconds} s`;
    return [
      { name, what: 'share of a core', unit: '%', value: spread(busy), atMost: 5 },
      { name, what: 'left out: to be told', unit: '%', value: spread(telling) },
      { name, what: 'JS heap after GC', unit: 'MB', value: spread(heapsMb) },
      {
        name,
        what: 'heap grown since the first moment',
        unit: 'MB',
        value: spread([(heapsMb.at(-1) ?? 0) - first]),
        atMost: 1,
      },
    ];
  } finally {
    await browser.close();
  }
}

type Lab = PageLab<DashboardRequests, DashboardEvents>;

/** Measures CPU time of a page's thread: what other programs take at the same time is not in it. */
async function clockOf(page: Page): Promise<CDPSession> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  return cdp;
}

async function openPage(browser: Browser, run: ModelRun): Promise<Lab> {
  const handlers = {
    ready: async () => ({
      model: { snapshot: run.snapshot, holder: null, damage: null },
      strings: dashboardStrings(),
      locale,
      ref: { workspace: '/home/me/space', session: 'books' },
      nowMs: Date.now(),
    }),
    readPast: async () => samplePast,
    readFailures: async () => [],
  } as unknown as Handlers<DashboardRequests>;
  return PageLab.open(browser, { page: 'dashboard', handlers });
}

/** Tells the pages so many deltas, five a second. */
async function tellOn(
  run: ModelRun,
  labs: readonly Pick<Lab, 'emit'>[],
  count: number,
): Promise<void> {
  const startedAt = performance.now();
  for (let i = 1; i <= count; i += 1) {
    const before = run.snapshot;
    const delta = diffSnapshots(before, run.step());
    for (const lab of labs) lab.emit('delta', delta);
    const dueMs = startedAt + (i * 1000) / deltasPerSecond - performance.now();
    if (dueMs > 0) await wait(dueMs);
  }
}

/** What each page takes of a core meanwhile, in percent. */
async function sharesOfCore(
  pages: readonly CDPSession[],
  work: () => Promise<void>,
): Promise<number[]> {
  const busySeconds = () => Promise.all(pages.map((cdp) => metric(cdp, 'TaskDuration')));
  const before = await busySeconds();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await busySeconds();
  return after.map((busy, i) => (100 * (busy - (before[i] ?? 0))) / seconds);
}

async function metric(cdp: CDPSession, name: string): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find((one) => one.name === name)?.value ?? Number.NaN;
}

async function heapMb(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  return (await metric(cdp, 'JSHeapUsedSize')) / 1_048_576;
}

/** Every figure that is counted is the last one that was told. */
async function assertFigures(lab: Lab, { view, live }: SessionSnapshot): Promise<void> {
  const format = formatsFor(locale);
  const expected: Readonly<Record<string, string>> = {
    elapsed: format.duration(live.elapsedMs),
    done: format.count(view.units.done),
    failed: format.count(view.units.failed),
    records: format.count(view.records),
    duplicates: format.count(view.duplicates),
    rejected: format.count(view.rejected),
    notYetSafe: format.count(live.notYetSafe),
    inFlight: format.count(live.inFlight.length),
    queue: format.count(view.units.pending),
    received: format.bytes(live.receivedBytes),
  };
  for (const [name, text] of Object.entries(expected)) {
    const figure = lab.page.locator(`[data-figure="${name}"]`);
    assert.equal(await figure.innerText(), text, name);
  }
}

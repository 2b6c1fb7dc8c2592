import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureBrowser } from '../../.ci/browser.ts';
import { quotesPerPage, startQuotesSite } from '../../src/serve/quotesSite.ts';
import { RunningCli } from '../fixtures/cli.ts';
import { withWorkspace, writeCollection } from '../fixtures/workspace.ts';
import { bareLoop, byTurns, ourRun, outFolder, programs } from './lab.ts';
import { type Run, spread } from './measure.ts';
import { memoryOfTree } from './processMemory.ts';
import type { Figure } from './report.ts';

const contexts = 4;
const pagesForSpeed = 300;
const pagesForMemory = 500;
/** No less than 0.8 of the bare loop's speed. */
const ratioAtMost = 1.25;
const growthAtMostPercent = 20;
const sampleEveryMs = 250;
/** Pages between which memory is compared. */
const early = { from: 0.2 * pagesForMemory, to: 0.4 * pagesForMemory };
const late = { from: 0.8 * pagesForMemory, to: 0.99 * pagesForMemory };

const figureOf =
  (name: string) =>
  (what: string, unit: Figure['unit'], values: readonly number[], atMost?: number): Figure => ({
    name,
    what,
    unit,
    value: spread(values),
    ...(atMost === undefined ? {} : { atMost }),
  });

/** Pages whose content is made by script: a bare Playwright loop with as many contexts beside ours; and what 500 pages leave. */
export async function measureBrowser(runs: number): Promise<Figure[]> {
  const missing = await ensureBrowser();
  if (missing !== undefined) throw new Error(missing);
  return [...(await measureSpeed(runs)), ...(await measureMemory())];
}

function collectionOf(urls: readonly string[]) {
  return {
    name: 'quotes',
    source: {
      type: 'browser',
      start: urls,
      items: 'div.quote',
      fields: { text: '.text', author: '.author', tags: { select: '.tag', list: true } },
      browser: { contexts },
    },
    record: { key: ['text'] },
    limits: { concurrency: contexts, perHost: { concurrency: contexts } },
    durability: { flushEvery: 10 },
  };
}

async function measureSpeed(runs: number): Promise<Figure[]> {
  const records = pagesForSpeed * quotesPerPage;
  const site = await startQuotesSite({ quotes: records });
  try {
    const urls = urlsOf(site.url, pagesForSpeed);
    const urlsFile = join(outFolder, 'bench', 'quoteUrls.json');
    await writeFile(urlsFile, JSON.stringify(urls));
    const [bare = [], ours = []] = await byTurns(runs, [
      bareLoop(programs.bareBrowser, (out) => [urlsFile, out, String(contexts)], records),
      ourRun(collectionOf(urls), records),
    ]);
    const figure = figureOf(`Browser, ${pagesForSpeed} pages, ${contexts} contexts`);
    const seconds = (of: readonly Run[]) => of.map((run) => run.seconds);
    const ratios = ours.map((run, i) => run.seconds / (bare[i]?.seconds ?? Number.NaN));
    return [
      figure('bare Playwright loop', 's', seconds(bare)),
      figure('cf-collect', 's', seconds(ours)),
      figure('cf-collect / bare Playwright loop', '×', ratios, ratioAtMost),
      figure(
        'cf-collect',
        'MB',
        ours.map((run) => run.maxRssMb),
      ),
    ];
  } finally {
    await site.close();
  }
}

function urlsOf(site: string, pages: number): readonly string[] {
  return Array.from({ length: pages }, (_, i) => `${site}js/page/${i + 1}/`);
}

/** One run; its memory over the pages that it has opened. */
async function measureMemory(): Promise<Figure[]> {
  const records = pagesForMemory * quotesPerPage;
  const site = await startQuotesSite({ quotes: records });
  const pagesOpened = () => site.requests.filter(({ url }) => url.startsWith('/js/page/')).length;
  const samples: { readonly pages: number; readonly engine: number; readonly browser: number }[] =
    [];
  try {
    await withWorkspace(async (folder) => {
      const urls = urlsOf(site.url, pagesForMemory);
      const file = await writeCollection(folder, collectionOf(urls));
      const cli = new RunningCli(['run', file, '--workspace', folder, '--json']);
      const ended = cli.done.then(() => true);
      do {
        const { own, children } = await memoryOfTree(cli.pid);
        samples.push({ pages: pagesOpened(), engine: own, browser: children });
      } while (!(await Promise.race<boolean>([ended, sleep(sampleEveryMs, false)])));
      const { summary, stderr } = await cli.done;
      if (summary?.records !== records) throw new Error(`Not all was collected: ${stderr}`);
    });
  } finally {
    await site.close();
  }
  // The first pages warm everything up; at the last ones it is being ended.
  const within = ({ from, to }: typeof early) =>
    samples.filter(({ pages }) => pages >= from && pages < to);
  const figure = figureOf(`Browser, memory over ${pagesForMemory} pages`);
  return (['engine', 'browser'] as const).flatMap((who) => {
    const [first, last] = [early, late].map((span) =>
      within(span).map((sample) => sample[who]),
    ) as [number[], number[]];
    const growth = (spread(last).median / spread(first).median - 1) * 100;
    return [
      figure(`${who}, pages ${early.from} to ${early.to}`, 'MB', first),
      figure(`${who}, pages ${late.from} to ${late.to}`, 'MB', last),
      figure(`${who} grows by`, '%', [growth], growthAtMostPercent),
    ];
  });
}

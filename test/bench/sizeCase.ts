import { readdir, readFile } from 'node:fs/promises';
import { collectionSchema } from '../../src/core/config.ts';
import { nodeFileSystem } from '../../src/storage/fileSystem.ts';
import { rebuildIndex } from '../../src/storage/indexRebuild.ts';
import type { SessionLayout } from '../../src/storage/layout.ts';
import { RunningCli } from '../fixtures/cli.ts';
import { sitemapPath } from '../fixtures/served/generatedSitemap.ts';
import { ServerProcess } from '../fixtures/served/serve.ts';
import { openTestSession, testPorts } from '../fixtures/storageSession.ts';
import { withWorkspace, writeCollection } from '../fixtures/workspace.ts';
import { writeBigSession } from './bigSession.ts';
import { maxRssMbOf, spread } from './measure.ts';
import type { Figure } from './report.ts';

const done = 1_000_000;
const pending = 10_000;
const name = `Session of ${done.toLocaleString('en')} done units`;
const unitsPerSecond = 200_000;
const checkpoints = 400;
const pagePrefix = '/catalogue/';

/**
 * What a very large session costs: making its index anew, a checkpoint of it, and taking it up again, from the start of
 * the process to the first page that it asks for.
 */
export async function measureSize(runs: number): Promise<Figure[]> {
  const urls = done + pending;
  // Slow pages, so that what is measured is the session and not the pages.
  const server = await ServerProcess.start({ kind: 'sitemap', urls }, { latencyMs: 50 });
  try {
    return await withWorkspace(async (folder) => {
      const layout = await makeSession(folder, server);
      const rebuilds: number[] = [];
      for (let round = 0; round <= runs; round++) {
        const seconds = await rebuildSeconds(layout);
        if (round > 0) rebuilds.push(seconds);
      }
      const savedMs = await checkpointTimesMs(folder, layout);
      const args = ['resume', layout.session, '--workspace', folder, '--json'];
      // The first start of a program reads it from the disk.
      await takeUp(server, args, 'SIGINT');
      const inOrder: TakenUp[] = [];
      const killed: TakenUp[] = [];
      for (let round = 0; round < runs; round++) {
        inOrder.push(await takeUp(server, args, 'SIGKILL'));
        killed.push(await takeUp(server, args, 'SIGINT'));
      }
      return [
        figure('index made anew', 's', rebuilds, urls / unitsPerSecond),
        figure('a checkpoint, median', 'ms', [quantile(savedMs, 0.5)]),
        figure('a checkpoint, p99', 'ms', [quantile(savedMs, 0.99)], 50),
        ...takenUpFigures('taken up', inOrder),
        ...takenUpFigures('killed, taken up', killed),
      ];
    });
  } finally {
    await server.close();
  }
}

async function makeSession(folder: string, server: ServerProcess): Promise<SessionLayout> {
  const url = (n: number): string => server.url(sitemapPath(n - 1));
  const content = {
    name: 'big',
    source: {
      type: 'html',
      start: [url(1)],
      follow: ['a'],
      scope: { hosts: [server.host] },
      fields: { title: 'h1', url: { from: 'url' } },
    },
    record: { key: ['url'] },
  };
  const collectionFile = await writeCollection(folder, content);
  const collection = collectionSchema.parse(content);
  return writeBigSession({
    root: folder,
    collectionFile,
    collection,
    bootId: 'bench',
    done,
    pending,
    url,
  });
}

async function rebuildSeconds(layout: SessionLayout): Promise<number> {
  const startedMs = performance.now();
  const { index, view } = await rebuildIndex(nodeFileSystem, layout);
  const took = (performance.now() - startedMs) / 1_000;
  index.close();
  if (view.units.done !== done) throw new Error(`${view.units.done} units are done`);
  return took;
}

/** How long each of many checkpoints takes, with the clean-ups that fall due. */
async function checkpointTimesMs(folder: string, layout: SessionLayout): Promise<number[]> {
  const ports = testPorts();
  const collection = collectionSchema.parse(
    JSON.parse(await readFile(`${folder}/big.collect.json`, 'utf8')),
  );
  // So few that the clean-ups have something to take.
  const kept = { ...collection, checkpoints: { ...collection.checkpoints, keep: 100 } };
  const { store } = await openTestSession(folder, layout.session, ports, kept);
  const times: number[] = [];
  for (let n = 0; n < checkpoints; n++) {
    const startedMs = performance.now();
    await store.checkpoint('batch_completed', []);
    times.push(performance.now() - startedMs);
  }
  await store.close(true);
  const files = (await readdir(layout.checkpoints)).length;
  if (files !== 2 * 100) throw new Error(`${files} files of checkpoints are left`);
  return times;
}

interface TakenUp {
  readonly seconds: number;
  readonly maxRssMb: number;
}

async function takeUp(
  server: ServerProcess,
  args: readonly string[],
  end: 'SIGINT' | 'SIGKILL',
): Promise<TakenUp> {
  const { seen } = await server.watch(pagePrefix);
  const startedAt = performance.timeOrigin + performance.now();
  const cli = new RunningCli(args);
  try {
    const ended = cli.done.then(({ code, stderr, stdout }) => {
      throw new Error(`cf-collect ended with ${String(code)}:\n${stderr}${stdout.slice(-2_000)}`);
    });
    ended.catch(() => undefined);
    const { at } = await Promise.race([seen, ended]);
    const maxRssMb = await maxRssMbOf(cli.pid);
    cli.kill(end);
    await cli.done;
    return { seconds: (at - startedAt) / 1_000, maxRssMb };
  } finally {
    cli.kill('SIGKILL');
    await cli.done;
  }
}

function takenUpFigures(how: string, runs: readonly TakenUp[]): Figure[] {
  return [
    figure(
      `${how}: first page after`,
      's',
      runs.map((run) => run.seconds),
      2,
    ),
    figure(
      `${how}: largest memory`,
      'MB',
      runs.map((run) => run.maxRssMb),
      200,
    ),
  ];
}

function figure(
  what: string,
  unit: Figure['unit'],
  values: readonly number[],
  atMost?: number,
): Figure {
  return { name, what, unit, value: spread(values), ...(atMost === undefined ? {} : { atMost }) };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

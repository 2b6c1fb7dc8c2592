import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RunningCli } from '../fixtures/cli.ts';
import { ServerProcess } from '../fixtures/served/serve.ts';
import { withWorkspace, writeCollection } from '../fixtures/workspace.ts';
import { countFiles } from './lab.ts';
import { maxRssMbOf, spread } from './measure.ts';
import type { Figure } from './report.ts';

const urls = 200_000;
const name = `Frontier of ${urls.toLocaleString('en')} URLs`;
/** Where the pages are, the sitemaps not. */
const pagePrefix = '/catalogue/';
const giveUpMs = 300_000;

interface FrontierRun {
  readonly enqueueSeconds: number;
  readonly maxRssMb: number;
  readonly files: number;
  readonly resumeSeconds: number;
}

/** Every URL of the sitemaps into the journal, then SIGKILL, then the time from the resume's start to its first page. */
export async function measureFrontier(runs: number): Promise<Figure[]> {
  // Slow pages, so that what is measured is the queue and not the pages.
  const server = await ServerProcess.start({ kind: 'sitemap', urls }, { latencyMs: 50 });
  const done: FrontierRun[] = [];
  try {
    for (let round = 0; round <= runs; round++) {
      const run = await measureOnce(server);
      if (round > 0) done.push(run);
    }
  } finally {
    await server.close();
  }
  return [
    {
      name,
      what: 'enqueued, from the start of the process',
      unit: 's',
      value: spread(done.map((run) => run.enqueueSeconds)),
      atMost: 10,
    },
    {
      name,
      what: 'largest memory',
      unit: 'MB',
      value: spread(done.map((run) => run.maxRssMb)),
      atMost: 150,
    },
    {
      name,
      what: 'files of the session',
      unit: 'files',
      value: spread(done.map((run) => run.files)),
      atMost: 20,
    },
    {
      name,
      what: 'killed: first page of the resume after',
      unit: 's',
      value: spread(done.map((run) => run.resumeSeconds)),
      atMost: 1,
    },
  ];
}

function measureOnce(server: ServerProcess): Promise<FrontierRun> {
  return withWorkspace(async (folder) => {
    const file = await writeCollection(folder, {
      name: 'frontier',
      source: {
        type: 'html',
        sitemaps: [server.url('/sitemap.xml')],
        scope: { hosts: [server.host] },
        fields: { title: 'title', heading: 'h1', url: { from: 'url' } },
      },
      record: { key: ['url'] },
      limits: { concurrency: 4 },
    });
    const args = ['run', file, '--workspace', folder, '--json'];

    const first = new RunningCli(args);
    try {
      const session = await Promise.race([untilUnits(folder, urls), failed(first)]);
      const enqueueSeconds = (performance.now() - first.startedAtMs) / 1_000;
      const maxRssMb = await maxRssMbOf(first.pid);
      first.kill('SIGKILL');
      await first.done;
      const files = await countFiles(session);

      const { seen } = await server.watch(pagePrefix);
      const startedAt = performance.timeOrigin + performance.now();
      const second = new RunningCli([...args, '--resume']);
      try {
        const { at } = await Promise.race([seen, failed(second)]);
        return { enqueueSeconds, maxRssMb, files, resumeSeconds: (at - startedAt) / 1_000 };
      } finally {
        second.kill('SIGKILL');
        await second.done;
      }
    } finally {
      first.kill('SIGKILL');
      await first.done;
    }
  });
}

/** Rejects when the program ends: here it must be killed. */
async function failed(cli: RunningCli): Promise<never> {
  const { code, stderr, stdout } = await cli.done;
  throw new Error(`cf-collect ended with ${String(code)}:\n${stderr}${stdout.slice(-2_000)}`);
}

/** Resolves with the session's folder once its journal names `count` units: read from the journal itself. */
async function untilUnits(workspace: string, count: number): Promise<string> {
  const untilMs = performance.now() + giveUpMs;
  const sessions = join(workspace, '.cf_state/sessions');
  for (;;) {
    const [id] = await readdir(sessions).catch((): string[] => []);
    if (id !== undefined) {
      await untilJournalled(join(sessions, id, 'journal.jsonl'), count, untilMs);
      return join(sessions, id);
    }
    await pause(untilMs);
  }
}

async function untilJournalled(journal: string, count: number, untilMs: number): Promise<void> {
  let file = await open(journal).catch(() => undefined);
  while (file === undefined) {
    await pause(untilMs);
    file = await open(journal).catch(() => undefined);
  }
  let units = 0;
  let rest = '';
  const chunk = Buffer.alloc(4 * 1_048_576);
  try {
    while (units < count) {
      const { bytesRead } = await file.read(chunk);
      if (bytesRead === 0) {
        await pause(untilMs);
        continue;
      }
      // Only ASCII is looked for: a character cut in two does not matter.
      const lines = (rest + chunk.toString('latin1', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) units += unitsIn(line);
    }
  } finally {
    await file.close();
  }
}

function unitsIn(line: string): number {
  if (!line.includes('"type":"units"')) return 0;
  const { events } = JSON.parse(line) as {
    readonly events: readonly { readonly type: string; readonly items?: readonly unknown[] }[];
  };
  return events.reduce(
    (sum, event) => sum + (event.type === 'units' ? (event.items?.length ?? 0) : 0),
    0,
  );
}

async function pause(untilMs: number): Promise<void> {
  if (performance.now() > untilMs) throw new Error('The frontier is not filled after 5 minutes');
  await delay(10);
}

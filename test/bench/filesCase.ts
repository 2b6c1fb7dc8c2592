import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from './compare.ts';
import { bareLoop, ourRun, programs } from './lab.ts';
import { Papers } from './papers.ts';
import type { Figure } from './report.ts';

const recordCount = 300_000;
/** `files` at no less than half the speed of a bare loop. */
const ratioAtMost = 2;

/** Records of files, collected with a key: the bare loop (parse, append), ours, and ours without fdatasync. */
export async function measureFiles(runs: number): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cf-files-bench-'));
  try {
    const lines = join(folder, 'papers.jsonl');
    const list = join(folder, 'papers.json');
    await writeRecords(lines, { before: '', between: '\n', after: '\n' });
    await writeRecords(list, { before: '[', between: ',', after: ']\n' });
    const figures: Figure[] = [];
    for (const [what, input] of [
      ['JSONL', lines],
      ['a JSON list', list],
    ] as const) {
      const collection = (fsync: boolean) => ({
        name: 'files',
        source: { type: 'files', inputs: [input] },
        record: { key: ['paper_id'] },
        durability: { fsync },
      });
      const name = `files, ${recordCount.toLocaleString('en')} records of 600 bytes, ${what}`;
      const comparison = {
        name,
        // Of the list, too: what is done with each record is the same.
        bare: bareLoop(programs.bareMerge, (out) => [lines, out], recordCount),
        durable: ourRun(collection(true), recordCount),
        loose: ourRun(collection(false), recordCount),
        ratioAtMost,
      };
      figures.push(...(await compare(comparison, runs)));
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeRecords(
  path: string,
  { before, between, after }: Readonly<Record<'before' | 'between' | 'after', string>>,
): Promise<void> {
  const file = createWriteStream(path);
  const papers = new Papers();
  file.write(before);
  for (let i = 0; i < recordCount; i++) {
    const text = `${i === 0 ? '' : between}${JSON.stringify(papers.make(i))}`;
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end(after);
  await once(file, 'close');
}

import { hash } from 'node:crypto';
import { join } from 'node:path';
import { collectionSchema } from '../../src/core/config.ts';
import { asJson, collectionDigest } from '../../src/core/digest.ts';
import { journalFormat, type JournalEvent } from '../../src/core/events.ts';
import { keyRecipe, packFingerprints, recordKey } from '../../src/core/keys.ts';
import { toJsonLine } from '../../src/core/json.ts';
import { nodeFileSystem } from '../../src/storage/fileSystem.ts';
import { rebuildIndex } from '../../src/storage/indexRebuild.ts';
import { encodeLine, noSum } from '../../src/storage/journalLine.ts';
import { SessionLayout } from '../../src/storage/layout.ts';
import { BufferedFile } from './bufferedFile.ts';
import { Papers } from './papers.ts';

/** The session's id. */
export const paperSessionId = 'session_0b16b16c';

const recordsPerCommit = 100;
const recordsPerUnit = 1000;
const startedAt = Date.UTC(2026, 10, 21, 16, 15);

/**
 * Writes a completed session of a paged API with the bytes that a run would have left: each unit of 1,000 records in ten
 * commits. The number of records is a multiple of 1,000.
 *
 * @returns the path of its master.
 */
export async function writePaperSession(root: string, records: number): Promise<string> {
  const collection = collectionSchema.parse({
    name: 'papers',
    source: { type: 'rest', url: 'http://127.0.0.1:1/papers' },
    record: { key: ['paper_id'] },
  });
  const layout = new SessionLayout(root, paperSessionId);
  const file = 'data/raw/papers_master_20261121_161500.jsonl';
  const journal = new BufferedFile(layout.journal);
  const master = new BufferedFile(join(root, file));
  const papers = new Papers();
  let prev = noSum;
  let seq = 0;
  const write = (events: readonly JournalEvent[]): void => {
    const at = new Date(startedAt + seq * 20).toISOString();
    const { bytes, sum } = encodeLine({ seq, at, events }, prev);
    seq += 1;
    prev = sum;
    journal.write(bytes);
  };
  write([
    {
      type: 'session',
      format: journalFormat,
      session: layout.session,
      collectionFile: 'papers.collect.json',
      collection: asJson(collection),
      digest: collectionDigest(collection),
      keyRecipe,
      machineId: 'bench',
      workspace: root,
      createdBy: 'bench',
    },
    { type: 'opened', pid: 1, host: 'bench', bootId: 'bench', via: 'cli' },
    { type: 'file', role: 'master', file },
  ]);
  const units = records / recordsPerUnit;
  const items = Array.from({ length: units }, (_, i) => ({ key: `page ${i + 1}` }));
  write([{ type: 'units', first: 1, lane: '127.0.0.1:1', group: 'papers', items }]);
  for (let n = 0; n < records; n += recordsPerCommit) {
    const made = Array.from({ length: recordsPerCommit }, (_, i) => papers.make(n + i));
    const bytes = Buffer.from(made.map((paper) => `${toJsonLine(paper)}\n`).join(''));
    const keys = made.map((paper) => {
      const key = recordKey(paper, ['paper_id']);
      if (typeof key !== 'string') throw new Error('a paper without its key');
      return key;
    });
    const unit = Math.floor(n / recordsPerUnit) + 1;
    const isFirst = n % recordsPerUnit === 0;
    const isLast = (n + recordsPerCommit) % recordsPerUnit === 0;
    const range = {
      role: 'master',
      file,
      offset: master.size,
      bytes: bytes.length,
      sha256: hash('sha256', bytes),
      keys: packFingerprints(keys),
    } as const;
    master.write(bytes);
    write([
      ...(isFirst ? [{ type: 'claimed', unit, attempt: 1 } as const] : []),
      {
        type: 'committed',
        ranges: [range],
        units: [{ unit, records: recordsPerCommit, duplicates: 0, rejected: 0 }],
      },
      isLast
        ? { type: 'finished', unit, state: 'done', proof: { by: 'empty page' } }
        : { type: 'advanced', unit, cursor: n + recordsPerCommit },
    ]);
  }
  write([{ type: 'completed', by: 'exhausted', activeMs: 3_600_000 }]);
  journal.close();
  master.close();
  const { index, view } = await rebuildIndex(nodeFileSystem, layout);
  index.apply([], view, true);
  index.close();
  return join(root, file);
}

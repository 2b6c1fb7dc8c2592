import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { Collection } from '../../src/core/config.ts';
import { asJson, collectionDigest } from '../../src/core/digest.ts';
import { journalFormat, type JournalEvent, type JournalUnit } from '../../src/core/events.ts';
import { fingerprint, keyRecipe, packFingerprints, recordKey } from '../../src/core/keys.ts';
import { encodeLine, noSum } from '../../src/storage/journalLine.ts';
import { SessionLayout } from '../../src/storage/layout.ts';
import { BufferedFile } from './bufferedFile.ts';

/** What a session of the bench is made of. */
export interface BigSession {
  readonly root: string;
  readonly collectionFile: string;
  readonly collection: Collection;
  readonly bootId: string;
  /** Pages that are done, one record each. */
  readonly done: number;
  /** Pages that are known and wait, after those. */
  readonly pending: number;
  /** URL of the page with a number. */
  readonly url: (n: number) => string;
}

/** As a run with the default concurrency commits them together. */
const unitsPerCommit = 8;
const unitsPerPlan = 1000;
const startedAt = Date.UTC(2026, 10, 21, 16, 15);

/**
 * Writes the journal and the master of a session whose process was stopped, with the bytes that a run would have left:
 * collecting a million pages would take the better part of an hour. There is no index.
 */
export function writeBigSession(parts: BigSession): SessionLayout {
  const { root, collection, done, pending, url } = parts;
  const layout = new SessionLayout(root, 'session_0b16b16b');
  const masterFile = `data/raw/${collection.name}_master_20261121_161500.jsonl`;
  const journal = new BufferedFile(layout.journal);
  const master = new BufferedFile(join(root, masterFile));
  let prev = noSum;
  let seq = 0;
  const write = (events: readonly JournalEvent[]): void => {
    const at = new Date(startedAt + seq * 20).toISOString();
    const { bytes, sum } = encodeLine({ seq, at, events }, prev);
    seq += 1;
    prev = sum;
    journal.write(bytes);
  };
  const lane = new URL(url(1)).host;
  write([
    header(parts, layout),
    { type: 'opened', pid: 1, host: 'bench', bootId: parts.bootId, via: 'cli' },
    { type: 'file', role: 'master', file: masterFile },
  ]);
  for (let first = 1; first <= done + pending; first += unitsPerPlan) {
    const count = Math.min(unitsPerPlan, done + pending - first + 1);
    const items = Array.from({ length: count }, (_, i): JournalUnit => {
      return { key: url(first + i), input: { depth: first + i === 1 ? 0 : 1 } };
    });
    write([{ type: 'units', first, lane, group: 'pages', items }]);
  }
  for (let first = 1; first <= done; first += unitsPerCommit) {
    const numbers = Array.from(
      { length: Math.min(unitsPerCommit, done - first + 1) },
      (_, i) => first + i,
    );
    const records = numbers.map((n) => ({ title: `Page ${n}`, url: url(n) }));
    const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const offset = master.size;
    master.write(bytes);
    const keys = records.map((record) => {
      const key = recordKey(record, ['url']);
      return typeof key === 'string' ? key : fingerprint('');
    });
    const range = {
      role: 'master',
      file: masterFile,
      offset,
      bytes: bytes.length,
      sha256: hash('sha256', bytes),
      keys: packFingerprints(keys),
    } as const;
    write([
      {
        type: 'committed',
        ranges: [range],
        units: numbers.map((unit) => ({ unit, records: 1, duplicates: 0, rejected: 0 })),
      },
      ...numbers.flatMap((unit): JournalEvent[] => [
        { type: 'claimed', unit, attempt: 1 },
        { type: 'finished', unit, state: 'done', proof: { by: 'one page' } },
      ]),
    ]);
  }
  write([{ type: 'stopped', reason: 'user', activeMs: 3_600_000 }]);
  journal.close();
  master.close();
  return layout;
}

function header(
  { root, collectionFile, collection }: BigSession,
  layout: SessionLayout,
): JournalEvent {
  return {
    type: 'session',
    format: journalFormat,
    session: layout.session,
    collectionFile: layout.relative(collectionFile),
    collection: asJson(collection),
    digest: collectionDigest(collection),
    keyRecipe,
    machineId: 'bench',
    workspace: root,
    createdBy: 'bench',
  };
}

import { join } from 'node:path';
import type { Collection } from '../core/config.ts';
import { isJsonObject, parseJson, scalarText } from '../core/json.ts';
import { fieldValue } from '../core/keys.ts';
import type { SessionView } from '../core/view.ts';
import { SeenKeys } from '../dedup/seenKeys.ts';
import { DiskKeyStore } from './diskKeyStore.ts';
import { readLines, scanJournal } from './journalReader.ts';
import { journalStart } from './journal.ts';
import type { SessionLayout } from './layout.ts';
import type { StoragePorts } from './sessionStore.ts';

/** The keys of records that a session has, or counts as known, as what new ones are compared with. */
export async function seenRecords(
  ports: StoragePorts,
  layout: SessionLayout,
  { dedup }: Collection,
  expected: number,
  blocks: Iterable<Uint8Array>,
  previous: readonly SessionLayout[],
): Promise<SeenKeys> {
  const seen = new SeenKeys({
    ...dedup,
    expected,
    openStore: () => new DiskKeyStore(join(layout.folder, 'keys.db')),
  });
  for (const block of blocks) seen.addPacked(block);
  for (const earlier of previous) {
    await scanJournal(ports.fileSystem, earlier.journal, journalStart, ({ events }) => {
      for (const event of events) {
        const ranges =
          event.type === 'committed' ? event.ranges : event.type === 'adopted' ? [event.range] : [];
        for (const range of ranges) {
          if (range.role === 'master') seen.addPacked(Buffer.from(range.keys, 'base64'));
        }
      }
    });
  }
  return seen;
}

/** The same for its units. */
export function seenUnits(
  layout: SessionLayout,
  { dedup }: Collection,
  expected: number,
  blocks: Iterable<Uint8Array>,
): SeenKeys {
  const seen = new SeenKeys({
    ...dedup,
    expected,
    openStore: () => new DiskKeyStore(join(layout.folder, 'unitKeys.db')),
  });
  for (const block of blocks) seen.addPacked(block);
  return seen;
}

/** How many records each value of `limits.perKey.field` has: from the master, since the journal does not know values. */
export async function countPerKey(
  { fileSystem }: StoragePorts,
  layout: SessionLayout,
  collection: Collection,
  view: SessionView,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const field = collection.limits.perKey?.field;
  if (field === undefined) return counts;
  for (const file of view.files.filter((f) => f.role === 'master')) {
    for await (const { bytes } of readLines(fileSystem, layout.absolute(file.file), 0)) {
      const record = parseJson(bytes.toString());
      const value = isJsonObject(record) ? fieldValue(record, field) : undefined;
      const text = value === undefined ? undefined : scalarText(value);
      if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return counts;
}

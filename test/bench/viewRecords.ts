/** Looks at a file as a record viewer's worker does, and writes what that took: viewRecords.cjs FILE ROOT|- RECORDS */
import { RecordFile, type JournalledFile } from '../../src/engine/records/recordFile.ts';
import { nodeFileSystem } from '../../src/storage/fileSystem.ts';
import { SessionLayout } from '../../src/storage/layout.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { paperSessionId } from './paperSession.ts';

/** What looking took, in milliseconds. */
export interface ViewTimes {
  /** Until the first page and the number of records (or that they are being counted) are there. */
  readonly open: number;
  /** Until all lines are counted. */
  readonly count: number;
  /** A random record, whole: of many, the time that 95 of 100 keep. */
  readonly record: number;
  /** A random page of the table. */
  readonly page: number;
  /** A random record's unit; 0 where no session is known. */
  readonly origin: number;
  /** A text that only the last record has. */
  readonly search: number;
}

const samples = 200;

async function main([path = '', root = '-', expected = '0']: readonly string[]): Promise<void> {
  const journalled = root === '-' ? undefined : await ofPaperSession(root, path);
  const random = new SeededRandom(1);
  const records = Number(expected);
  const anyRecord = (): number => Math.floor(random.next() * records);
  const begin = performance.now();
  const file = new RecordFile(nodeFileSystem, path, journalled);
  await file.look();
  await expectRows(file.read(0, 50, false), 50);
  const open = performance.now() - begin;
  await file.settled();
  const count = performance.now() - begin;
  const { records: found } = await file.look();
  if (found !== records) throw new Error(`${found} records of ${records} were counted`);
  const record = await p95(async () => {
    const n = anyRecord();
    const read = await file.readRecord(n, 1e6);
    if (!read?.text.startsWith(`{"paper_id":"p${n}"`)) throw new Error(`Record ${n} is another`);
  });
  const page = await p95(() => expectRows(file.read(Math.max(0, anyRecord() - 50), 50, false), 50));
  const origin =
    journalled === undefined
      ? 0
      : await p95(async () => {
          const n = anyRecord();
          const found = await file.originOf(n);
          const unit = Math.floor(n / 1000) + 1;
          if (found?.unit?.n !== unit) throw new Error(`Record ${n} is not of unit ${unit}`);
        });
  const searchBegin = performance.now();
  file.filter({ kind: 'text', text: `forum?id=${records - 1}"` });
  await file.settled();
  const search = performance.now() - searchBegin;
  await expectRows(file.read(0, 50, true), 1);
  const times: ViewTimes = { open, count, record, page, origin, search };
  console.log(JSON.stringify(times));
}

async function ofPaperSession(root: string, path: string): Promise<JournalledFile> {
  const layout = new SessionLayout(root, paperSessionId);
  const bytes = (await nodeFileSystem.status(path))?.size ?? 0;
  return {
    session: layout.session,
    name: 'papers',
    role: 'master',
    layout,
    file: layout.relative(path),
    committedBytes: () => Promise.resolve(bytes),
  };
}

async function expectRows(
  block: Promise<{ readonly rows: readonly unknown[] }>,
  count: number,
): Promise<void> {
  const { rows } = await block;
  if (rows.length !== count) throw new Error(`${rows.length} rows of ${count}`);
}

async function p95(action: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < samples; n += 1) {
    const begin = performance.now();
    await action();
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(samples * 0.95)] ?? Number.NaN;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

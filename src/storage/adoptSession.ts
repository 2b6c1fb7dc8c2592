import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { AdoptedEvent, ImportedEvent, JournalEvent } from '../core/events.ts';
import type { JobContext } from '../core/job.ts';
import { isJsonObject, parseJson, type JsonObject } from '../core/json.ts';
import { packFingerprints, type Fingerprint, type MissingKeyPart } from '../core/keys.ts';
import { SeenKeys } from '../dedup/seenKeys.ts';
import { DiskKeyStore } from './diskKeyStore.ts';
import { makeDirectoryDurably, syncNames } from './durableFiles.ts';
import { withFile } from './fileSystem.ts';
import { Journal } from './journal.ts';
import { newline, readLines } from './journalReader.ts';
import { firstEvents, type NewSession } from './createSession.ts';
import type { Opener } from './sessionParts.ts';
import { discardStaged, publishSession, StagedLayout } from './stagedSession.ts';
import type { SessionLayout } from './layout.ts';
import type { StoragePorts } from './sessionStore.ts';

/** Lines in one adopted range: its keys have to fit into a journal line. */
const linesPerRange = 20_000;
/** Bad lines that are told one by one. */
const maxBadLines = 100;

/** A line of a master that is no record, or has no key. Lines count from 1. */
export interface BadLine {
  readonly line: number;
  readonly why: string;
}

/** What is in a master that a session is to be made around. */
export interface MasterScan {
  readonly bytes: number;
  readonly records: number;
  /** Records whose key an earlier line has. */
  readonly duplicates: number;
  /** The first {@link maxBadLines} of `badCount`. */
  readonly bad: readonly BadLine[];
  readonly badCount: number;
  /** Bytes after the last newline. */
  readonly tornBytes: number;
  /** sha256, hex, of the whole file. */
  readonly sha256: string;
  /** Its good lines, in stretches without a bad one. */
  readonly ranges: readonly Omit<AdoptedEvent['range'], 'file'>[];
}

/** A session to be made around a master that is there. */
export interface AdoptedSession extends Omit<NewSession, 'previous' | 'outputDir' | 'imported'> {
  /** Absolute path. */
  readonly master: string;
  /** The key of a record of the master. */
  readonly keyOf: (record: JsonObject) => Fingerprint | MissingKeyPart;
}

/**
 * Makes a session around a master whose state is gone: the file stays where and as it is, its good lines are journalled
 * as adopted, and bad ones lie between the ranges. Only whoever holds `importLock` may call it. What follows the last good line is set aside when the session is opened.
 *
 * @throws the signal's reason when it is aborted; then nothing was made. So when `check` throws.
 */
export async function adoptSession(
  ports: StoragePorts,
  opener: Opener,
  session: AdoptedSession,
  job: JobContext,
  check: (scan: MasterScan) => void,
): Promise<{ layout: SessionLayout; scan: MasterScan }> {
  const { fileSystem, random } = ports;
  const staged = new StagedLayout(session.root, `session_${random.hex(4)}`);
  await makeDirectoryDurably(fileSystem, staged.folder);
  await syncNames(fileSystem, staged.root, [staged.folder]);
  try {
    const scan = await scanMaster(ports, staged, session, job);
    check(scan);
    // The journal is about to name these bytes: they may still be in the page cache only.
    await withFile(fileSystem, session.master, 'update', (file) => file.datasync());
    await writeJournal(ports, opener, staged, session, scan);
    return { layout: await publishSession(fileSystem, staged), scan };
  } catch (error) {
    // Where that fails, too, the next import does it.
    await discardStaged(fileSystem, staged).catch(() => undefined);
    throw error;
  }
}

async function writeJournal(
  ports: StoragePorts,
  opener: Opener,
  staged: StagedLayout,
  session: AdoptedSession,
  { ranges, records, sha256 }: MasterScan,
): Promise<void> {
  const file = staged.relative(session.master);
  const imported: ImportedEvent = { type: 'imported', kind: 'master', from: file, sha256 };
  const isSynced = session.collection.durability.fsync;
  const journal = await Journal.create(ports.fileSystem, staged.journal, isSynced);
  try {
    const adopted = ranges.map((range): JournalEvent => ({
      type: 'adopted',
      range: { ...range, file },
      records: linesIn(range),
    }));
    ports.logger.info({ file, records }, 'A master is adopted');
    await journal.append(
      [
        ...firstEvents(ports, opener, staged, { ...session, imported }, session.master),
        ...adopted,
        { type: 'stopped', reason: 'user', activeMs: 0 },
      ],
      new Date(ports.clock.now()).toISOString(),
    );
  } finally {
    await journal.close();
  }
}

function linesIn({ keys }: { readonly keys: string }): number {
  return Buffer.from(keys, 'base64').length / 16;
}

async function scanMaster(
  { fileSystem }: StoragePorts,
  staged: StagedLayout,
  { master, keyOf, collection }: AdoptedSession,
  job: JobContext,
): Promise<MasterScan> {
  const total = (await fileSystem.status(master))?.size ?? 0;
  const seen = new SeenKeys({
    ...collection.dedup,
    openStore: () => new DiskKeyStore(join(staged.folder, 'adopting.db')),
  });
  const whole = createHash('sha256');
  const ranges = new RangeBuilder();
  const bad: BadLine[] = [];
  let [line, badCount, records, duplicates, tornBytes, bytes] = [0, 0, 0, 0, 0, 0];
  try {
    for await (const { offset, bytes: content, isWhole } of readLines(fileSystem, master, 0)) {
      job.signal.throwIfAborted();
      line += 1;
      whole.update(content);
      if (isWhole) whole.update(newlineByte);
      bytes = offset + content.length + (isWhole ? 1 : 0);
      if (!isWhole) {
        tornBytes = content.length;
        break;
      }
      const key = keyOfLine(content, keyOf);
      if (typeof key !== 'string') {
        ranges.end();
        badCount += 1;
        if (bad.length < maxBadLines) bad.push({ line, why: key.why });
        continue;
      }
      if (seen.has(key)) duplicates += 1;
      else seen.addAll([key]);
      records += 1;
      ranges.add(offset, content, key);
      if (line % 1000 === 0) job.onProgress({ done: bytes, total, unit: 'bytes', what: master });
    }
  } finally {
    seen.close();
  }
  ranges.end();
  const sha256 = whole.digest('hex');
  return { bytes, records, duplicates, bad, badCount, tornBytes, sha256, ranges: ranges.ended };
}

const newlineByte = Buffer.of(newline);

function keyOfLine(
  bytes: Buffer,
  keyOf: AdoptedSession['keyOf'],
): Fingerprint | { readonly why: string } {
  try {
    const record = parseJson(bytes.toString());
    if (!isJsonObject(record)) return { why: 'not an object' };
    const key = keyOf(record);
    return typeof key === 'string' ? key : { why: `no key: field "${key.missing}" is missing` };
  } catch (error) {
    return { why: messageOf(error) };
  }
}

/** Good lines one after the other become ranges. */
class RangeBuilder {
  readonly ended: Omit<AdoptedEvent['range'], 'file'>[] = [];
  #keys: Fingerprint[] = [];
  #offset = 0;
  #bytes = 0;
  #hash: Hash = createHash('sha256');

  add(offset: number, line: Buffer, key: Fingerprint): void {
    if (this.#keys.length === 0) this.#offset = offset;
    this.#keys.push(key);
    this.#hash.update(line).update(newlineByte);
    this.#bytes += line.length + 1;
    if (this.#keys.length >= linesPerRange) this.end();
  }

  end(): void {
    if (this.#keys.length === 0) return;
    this.ended.push({
      role: 'master',
      offset: this.#offset,
      bytes: this.#bytes,
      sha256: this.#hash.digest('hex'),
      keys: packFingerprints(this.#keys),
    });
    this.#keys = [];
    this.#bytes = 0;
    this.#hash = createHash('sha256');
  }
}

import type { Collection } from '../core/config.ts';
import { FaultError } from '../core/errors.ts';
import type { CommittedRange, DamagedEvent, FileRole, JournalEvent } from '../core/events.ts';
import { packFingerprints, unpackFingerprints, type Fingerprint } from '../core/keys.ts';
import type { FileView } from '../core/view.ts';
import { sha256Hex } from './dataFile.ts';
import { readFully, type FileSystem, type StorageFile } from './fileSystem.ts';
import { journalLines, newline } from './journalReader.ts';
import type { SessionLayout } from './layout.ts';
import { lineKeyReader, type LineKey } from './lineKeys.ts';

/** A journalled range whose bytes are not those that were journalled. */
interface BadRange {
  readonly range: CommittedRange;
  /** Lines of the file, from 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  readonly lost: readonly Fingerprint[];
  /** Lost lines by unit. */
  readonly units: Map<number, number>;
  /** Whether its bytes, or a part of them, are not there at all. */
  readonly isMissing: boolean;
}

/** A data file that is being checked, range by range. */
interface CheckedFile {
  readonly view: FileView;
  readonly handle: StorageFile;
  readonly size: number;
  readonly keyOf: (line: Buffer) => LineKey;
  lines: number;
  bad: BadRange[];
  lastRange: CommittedRange | undefined;
}

/**
 * Checks the data files of a session against the journal before anything is appended to them. Without `isThorough` only
 * each file's length and its last range; a file that fails there, or all of them with it, are read from the start.
 *
 * @returns what is damaged: to be journalled, so that the lost lines are collected again.
 * @throws FaultError `DATA_FILE_EDITED` when bytes were put in or taken out in the middle: only a person can say which
 * of the lines are meant.
 */
export async function findDamage(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  files: readonly FileView[],
  isThorough: boolean,
): Promise<DamagedEvent[]> {
  const open: CheckedFile[] = [];
  try {
    const suspects: CheckedFile[] = [];
    for (const view of files) {
      const file = await openForCheck(fileSystem, layout, collection, view);
      if (file === undefined) continue;
      open.push(file);
      if (isThorough || !(await isTailWhole(file))) suspects.push(file);
    }
    if (suspects.length === 0) return [];
    await checkAll(fileSystem, layout, suspects);
    for (const file of suspects) await refuseEdited(layout, file);
    return suspects.flatMap((file) => damageOf(file));
  } finally {
    // All at once, so that one that fails does not leave the others open.
    await Promise.all(open.map(({ handle }) => handle.close()));
  }
}

/** undefined when the file is not there: what to say of that is not this check's business. */
async function openForCheck(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  view: FileView,
): Promise<CheckedFile | undefined> {
  const path = layout.absolute(view.file);
  if ((await fileSystem.status(path)) === undefined) return undefined;
  const handle = await fileSystem.open(path, 'read');
  try {
    const { size } = await handle.status();
    const keyOf = lineKeyReader(view.role, collection);
    return { view, handle, size, keyOf, lines: 0, bad: [], lastRange: undefined };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function isTailWhole({ view, handle, size }: CheckedFile): Promise<boolean> {
  if (size < view.bytes) return false;
  return view.last === undefined || (await holds(handle, view.last, view.last.offset));
}

async function holds(
  handle: StorageFile,
  { bytes, sha256 }: Pick<CommittedRange, 'bytes' | 'sha256'>,
  offset: number,
): Promise<boolean> {
  return sha256Hex(await readFully(handle, offset, bytes)) === sha256;
}

/** Every range that the journal names, in one pass through it. What is known to be damaged is not found again. */
async function checkAll(
  fileSystem: FileSystem,
  layout: SessionLayout,
  files: readonly CheckedFile[],
): Promise<void> {
  let seq = -1;
  for await (const { line } of journalLines(fileSystem, layout.journal, 0)) {
    if (line === undefined || line.seq <= seq) continue;
    seq = line.seq;
    for (const event of line.events) await checkEvent(event, files);
  }
}

async function checkEvent(event: JournalEvent, files: readonly CheckedFile[]): Promise<void> {
  if (event.type === 'taken') {
    for (const file of files) takeLost(file, event.unit, event.keys);
    return;
  }
  if (event.type === 'damaged') {
    const file = files.find((f) => f.view.file === event.file);
    if (file !== undefined) forgetKnown(file, event);
    return;
  }
  const ranges =
    event.type === 'committed' ? event.ranges : event.type === 'adopted' ? [event.range] : [];
  for (const range of ranges) {
    const file = files.find((f) => f.view.file === range.file);
    if (file === undefined) continue;
    const tallies = event.type === 'committed' ? event.units : [];
    const byUnit = tallies.map((tally): [number, number] => [
      tally.unit,
      linesOf(range.role, tally),
    ]);
    await checkRange(file, range, byUnit);
  }
}

function linesOf(
  role: FileRole,
  tally: { records: number; rejected: number; raw?: number },
): number {
  return role === 'master'
    ? tally.records
    : role === 'rejected'
      ? tally.rejected
      : (tally.raw ?? 0);
}

async function checkRange(
  file: CheckedFile,
  range: CommittedRange,
  byUnit: readonly [unit: number, lines: number][],
): Promise<void> {
  const keys = unpackFingerprints(range.keys);
  const firstLine = file.lines + 1;
  file.lines += keys.length;
  file.lastRange = range;
  const bytes = await readFully(file.handle, range.offset, range.bytes);
  if (sha256Hex(bytes) === range.sha256) return;
  const isMissing = bytes.length < range.bytes;
  const isLost = isMissing ? keys.map(() => true) : lostLines(bytes, keys, file.keyOf);
  const units = new Map<number, number>();
  let at = 0;
  for (const [unit, lines] of byUnit) {
    const lost = isLost.slice(at, at + lines).filter(Boolean).length;
    if (lost > 0) units.set(unit, (units.get(unit) ?? 0) + lost);
    at += lines;
  }
  const lost = keys.filter((_, i) => isLost[i]);
  file.bad.push({ range, firstLine, lastLine: file.lines, lost, units, isMissing });
}

/** Which of a range's lines can't be read any more as the records that they were. */
function lostLines(
  bytes: Buffer,
  keys: readonly Fingerprint[],
  keyOf: (line: Buffer) => LineKey,
): boolean[] {
  const found: LineKey[] = [];
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    found.push(keyOf(bytes.subarray(start, end)));
    start = end + 1;
  }
  // Where lines do not tell their keys, they are told by their place; and that only while no newline is lost.
  if (found.includes('unknown')) {
    return keys.map((_, i) => found.length !== keys.length || found[i] === 'bad');
  }
  const there = new Set(found.map((line) => (typeof line === 'object' ? line.key : line)));
  return keys.map((key) => !there.has(key));
}

/** Lost lines that recovery had adopted belong to the unit that took them later. */
function takeLost(file: CheckedFile, unit: number, packed: string): void {
  if (file.view.role !== 'master' || file.bad.length === 0) return;
  const taken = new Set(unpackFingerprints(packed));
  for (const { lost, units } of file.bad) {
    const count = lost.filter((key) => taken.has(key)).length;
    if (count > 0) units.set(unit, (units.get(unit) ?? 0) + count);
  }
}

function forgetKnown(file: CheckedFile, { offset, bytes, isCut, lost }: DamagedEvent): void {
  file.bad = file.bad.filter(({ range }) =>
    isCut ? range.offset < offset : range.offset < offset || range.offset >= offset + bytes,
  );
  if (!isCut) return;
  file.lines -= lost;
  file.lastRange = undefined;
}

/**
 * Bytes that were put in or taken out move everything after them: then the last line is still there, elsewhere. Nothing is
 * lost then, and nothing is to be collected again: a person has worked on the file.
 */
async function refuseEdited(layout: SessionLayout, file: CheckedFile): Promise<void> {
  const { view, size, bad, lastRange } = file;
  const [first] = bad;
  const shift = size - view.bytes;
  if (first === undefined || lastRange === undefined || shift === 0) return;
  if (!(await isMoved(file, lastRange, shift))) return;
  const path = layout.absolute(view.file);
  const lines =
    first.firstLine === first.lastLine
      ? `line ${first.firstLine}`
      : `lines ${first.firstLine}-${first.lastLine}`;
  throw new FaultError(
    'DATA_FILE_EDITED',
    `${path} was edited: it has ${Math.abs(shift)} bytes ${shift > 0 ? 'more' : 'fewer'} than were written, ` +
      `from ${lines} on. Undo the edit and resume; or keep it and go on in a new session: ` +
      `cf-collect adopt ${path} --collection FILE.`,
    { file: path, firstLine: first.firstLine, lastLine: first.lastLine, shift },
  );
}

async function isMoved(
  { handle, size, keyOf }: CheckedFile,
  last: CommittedRange,
  shift: number,
): Promise<boolean> {
  const start = last.offset + shift;
  if (start >= 0 && (await holds(handle, last, start))) return true;
  const from = Math.min(last.offset, size);
  const region = await readFully(handle, from, size - from);
  if (region.at(-1) !== newline) return false;
  const line = region.subarray(region.lastIndexOf(newline, -2) + 1, -1);
  const found = keyOf(line);
  return typeof found === 'object' && found.key === unpackFingerprints(last.keys).at(-1);
}

/** What is to be journalled: one event for what is cut off at the end, one for each stretch in the middle. */
function damageOf({ view, bad }: CheckedFile): DamagedEvent[] {
  const events: DamagedEvent[] = [];
  const missing = bad.filter((b) => b.isMissing);
  for (const one of bad) {
    if (!one.isMissing) events.push(eventOf(view, [one], false));
  }
  if (missing.length > 0) events.push(eventOf(view, missing, true));
  return events;
}

function eventOf(view: FileView, bad: readonly BadRange[], isCut: boolean): DamagedEvent {
  const units = new Map<number, number>();
  for (const range of bad) {
    for (const [unit, lost] of range.units) units.set(unit, (units.get(unit) ?? 0) + lost);
  }
  const lost = bad.flatMap((b) => b.lost);
  const offset = bad[0]?.range.offset ?? 0;
  const last = bad.at(-1)?.range;
  return {
    type: 'damaged',
    role: view.role,
    file: view.file,
    offset,
    bytes: last === undefined ? 0 : last.offset + last.bytes - offset,
    isCut,
    lost: lost.length,
    keys: packFingerprints(lost),
    units: [...units].map(([unit, count]) => ({ unit, lost: count })),
  };
}

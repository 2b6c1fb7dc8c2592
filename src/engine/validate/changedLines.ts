import { newline } from '../../storage/journalReader.ts';
import { hash } from 'node:crypto';
import type { CommittedRange } from '../../core/events.ts';
import type { Fingerprint } from '../../core/keys.ts';
import type { FileWindow } from '../../storage/fileWindow.ts';

/** A line as it stands in the file now. */
export interface MetLine {
  /** undefined when the line is no record, or does not tell its key. */
  readonly key: Fingerprint | undefined;
  /** It is no record any more. */
  readonly isBad: boolean;
  readonly line: number;
}

/** Which lines are not those that were committed. */
export interface Change {
  /** How many lines at the beginning are as they were, by their keys. */
  readonly from: number;
  /** Lines that follow and are other ones now; 0 when lines were only taken out, or when keys do not tell. */
  readonly count: number;
  readonly expected: number;
  /** For each committed line: whether its record is gone. */
  readonly lost: readonly boolean[];
  /** `keys`: told by the lines' keys. `none`: every key is where it was. `untold`: the lines do not tell their keys. */
  readonly toldBy: 'keys' | 'none' | 'untold';
}

/** How far from where it should be a moved range is sought, and how many places are tried. */
const slackBytes = 256 * 1024;
const maxTries = 512;

/** Compares the keys that were committed with the lines that are there. */
export function compareKeys(keys: readonly Fingerprint[], met: readonly MetLine[]): Change {
  const isUntold = met.some(({ key, isBad }) => key === undefined && !isBad);
  if (isUntold) {
    const lost = keys.map((_, i) => met.length !== keys.length || met[i]?.isBad === true);
    return { from: 0, count: met.length, expected: keys.length, lost, toldBy: 'untold' };
  }
  const there = new Set(met.map(({ key }) => key));
  const lost = keys.map((key) => !there.has(key));
  let from = 0;
  while (from < keys.length && from < met.length && keys[from] === met[from]?.key) from += 1;
  if (from === keys.length && from === met.length) {
    return { from: 0, count: met.length, expected: keys.length, lost, toldBy: 'none' };
  }
  let same = 0;
  const most = Math.min(keys.length, met.length) - from;
  while (same < most && keys.at(-1 - same) === met.at(-1 - same)?.key) same += 1;
  return {
    from,
    count: met.length - from - same,
    expected: keys.length - from - same,
    lost,
    toldBy: 'keys',
  };
}

/** What is said of lines that were changed. */
export interface ChangedPlace {
  readonly change: Change;
  /** First line of the ranges that differ, and how many lines there are now. */
  readonly line: number;
  readonly lines: number;
  /** How many bytes more there are than were committed. */
  readonly moved: number;
  readonly seqs: readonly number[];
  readonly path: string;
}

/** Which lines were edited, and what to do about it. */
export function changeText({ change, line, lines, moved, seqs, path }: ChangedPlace): string {
  const [first = 0] = seqs;
  const last = seqs.at(-1) ?? first;
  const committed =
    first === last
      ? `line ${first + 1} of the journal`
      : `lines ${first + 1} to ${last + 1} of the journal`;
  const shifted =
    moved === 0
      ? ''
      : ` What follows is ${Math.abs(moved)} bytes ${moved > 0 ? 'further on' : 'nearer'} than it was.`;
  return (
    `${whatHappened(change, line, lines)}: the bytes differ from what was committed (${committed}).${shifted} ` +
    `Undo the edit. To keep it, make a new session of the file: cf-collect adopt ${path} --collection FILE.`
  );
}

function whatHappened(change: Change, line: number, lines: number): string {
  const { from, count, expected, toldBy } = change;
  const all = span(line, lines);
  switch (toldBy) {
    case 'untold':
      return `Something in ${all} was edited by hand or damaged`;
    case 'none':
      return `Something in ${all} was edited by hand or damaged, though its keys are what they were`;
    case 'keys': {
      const start = line + from;
      if (count === 0) {
        return `${expected} ${expected === 1 ? 'line was' : 'lines were'} taken out by hand before line ${start}`;
      }
      const how = expected === 0 ? 'put in' : 'edited';
      const were = `${span(start, count)} ${count === 1 ? 'was' : 'were'} ${how} by hand or damaged`;
      return were.charAt(0).toUpperCase() + were.slice(1);
    }
  }
}

function span(line: number, count: number): string {
  return count <= 1 ? `line ${line}` : `lines ${line}-${line + count - 1}`;
}

/**
 * Where a range is that was moved by an edit before it: at the beginning of a line near to where it should be.
 *
 * @param start where the bytes begin that differ.
 * @param expected where the range would be if nothing had moved.
 */
export async function findMoved(
  window: FileWindow,
  range: CommittedRange,
  start: number,
  expected: number,
  size: number,
): Promise<number | undefined> {
  if (await holdsAt(window, range, expected)) return expected;
  const from = Math.max(start, expected - slackBytes);
  const to = Math.min(size, expected + slackBytes + range.bytes);
  const bytes = Buffer.from(await window.read(from, Math.max(0, to - from)));
  const places: number[] = [];
  const isLineStart = (at: number): boolean => from + at === start || bytes[at - 1] === newline;
  for (let at = 0; at + range.bytes <= bytes.length;) {
    // A range begins and ends with a line: most places need not be hashed.
    if (isLineStart(at) && bytes[at + range.bytes - 1] === newline) places.push(at);
    const next = bytes.indexOf(newline, at);
    if (next < 0) break;
    at = next + 1;
  }
  const nearest = places.toSorted(
    (a, b) => Math.abs(from + a - expected) - Math.abs(from + b - expected),
  );
  const found = nearest
    .slice(0, maxTries)
    .find((at) => hash('sha256', bytes.subarray(at, at + range.bytes), 'hex') === range.sha256);
  return found === undefined ? undefined : from + found;
}

async function holdsAt(
  window: FileWindow,
  { bytes, sha256 }: CommittedRange,
  offset: number,
): Promise<boolean> {
  const found = await window.read(offset, bytes);
  return found.length === bytes && hash('sha256', found, 'hex') === sha256;
}

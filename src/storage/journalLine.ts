import { isAscii } from 'node:buffer';
import { hash } from 'node:crypto';
import type { JournalEvent } from '../core/events.ts';
import {
  isBigIntegerText,
  isJsonObject,
  parseJson,
  toJsonLine,
  type JsonValue,
} from '../core/json.ts';
import type { JournalEntry } from '../core/view.ts';

/** The `prev` of a journal's first line. */
export const noSum = '0'.repeat(64);

/** A journal line may be this long; a larger commit spans several, of which only the last finishes anything. */
export const maxLineBytes = 4 * 1024 * 1024;

/** A journal line as it was read. */
export interface JournalLine extends JournalEntry {
  /** sum of the line before. */
  readonly prev: string;
  readonly sum: string;
}

/** What a line has beside its events, at most. */
const envelopeBytes = 512;
const sumMark = ',"sum":"';
const lineHead = '{"seq":';
const tailLength = sumMark.length + 64 + '"}'.length;

/**
 * One line, newline included: `{"seq","at","prev","events",…,"sum"}`. `sum` is the sha256 of the line's bytes before
 * `,"sum"`.
 */
export function encodeLine(entry: JournalEntry, prev: string): { bytes: Buffer; sum: string } {
  const body = toJsonLine({
    seq: entry.seq,
    at: entry.at,
    prev,
    events: entry.events as unknown as JsonValue,
  }).slice(0, -1);
  const sum = hash('sha256', body);
  return { bytes: Buffer.from(`${body}${sumMark}${sum}"}\n`), sum };
}

/** The line's content when its sum holds; undefined otherwise. The bytes are those without the newline. */
export function decodeLine(bytes: Buffer): JournalLine | undefined {
  if (bytes.length <= tailLength) return undefined;
  const bodyLength = bytes.length - tailLength;
  const tail = bytes.toString('latin1', bodyLength);
  if (!tail.startsWith(sumMark) || !tail.endsWith('"}')) return undefined;
  const sum = tail.slice(sumMark.length, -2);
  if (hash('sha256', bytes.subarray(0, bodyLength)) !== sum) return undefined;
  // Most lines are ASCII, for which this is four times as fast.
  const value = parseJson(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'));
  if (!isJsonObject(value)) return undefined;
  const { seq, at, prev, events } = value;
  if (typeof seq !== 'number' || typeof at !== 'string' || typeof prev !== 'string')
    return undefined;
  // The sum held, so the events are the ones that were written: their shape is the format's, not to be guessed again.
  return { seq, at, prev, events: events as unknown as readonly JournalEvent[], sum };
}

/** Where, in bytes that should be one line, others begin whose newline before them is damaged. */
export function lineStartsIn(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(sumMark); at >= 0; at = bytes.indexOf(sumMark, at + 1)) {
    const end = at + tailLength;
    // One byte stands where the newline stood.
    if (bytes.toString('latin1', end - 2, end) !== '"}') continue;
    if (bytes.toString('latin1', end + 1, end + 1 + lineHead.length) === lineHead) {
      starts.push(end + 1);
    }
  }
  return starts;
}

/**
 * Parts a commit's events into groups that fit a line each, in order. Only lists of units are ever split; what finishes
 * units comes last in a commit, so it is in the last line.
 */
export function splitIntoLines(
  events: readonly JournalEvent[],
  maxBytes = maxLineBytes,
): JournalEvent[][] {
  const lines: JournalEvent[][] = [];
  let line: JournalEvent[] = [];
  let lineBytes = 0;
  const room = maxBytes - envelopeBytes;
  const pieces = events.flatMap((event) => splitEvent(event, room));
  for (const { event, bytes } of pieces) {
    if (line.length > 0 && lineBytes + bytes > room) {
      lines.push(line);
      line = [];
      lineBytes = 0;
    }
    line.push(event);
    lineBytes += bytes;
  }
  lines.push(line);
  return lines;
}

function splitEvent(
  event: JournalEvent,
  maxBytes: number,
): { event: JournalEvent; bytes: number }[] {
  const bytes = estimatedBytes(event, maxBytes);
  if (event.type !== 'units' || bytes <= maxBytes || event.items.length === 1)
    return [{ event, bytes }];
  const half = Math.ceil(event.items.length / 2);
  return [
    ...splitEvent({ ...event, items: event.items.slice(0, half) }, maxBytes),
    ...splitEvent(
      { ...event, first: event.first + half, items: event.items.slice(half) },
      maxBytes,
    ),
  ];
}

/** At least what the event takes: cheap for the many small ones, exact where size matters. */
function estimatedBytes(event: JournalEvent, maxBytes: number): number {
  if (event.type === 'units') {
    const bound = event.items.reduce((sum, item) => sum + mostBytes(item), 0);
    return bound <= maxBytes ? bound : Buffer.byteLength(JSON.stringify(event.items));
  }
  if (event.type === 'adopted') return event.range.keys.length + 512;
  if (event.type === 'taken') return event.keys.length + 100;
  if (event.type === 'committed')
    return event.ranges.reduce((sum, r) => sum + r.keys.length + 300, event.units.length * 110);
  if (event.type === 'advanced' || event.type === 'answered')
    return JSON.stringify(event.cursor).length * 3 + 100;
  return 512;
}

/** Bytes that a value takes as JSON, at most: a character takes six as an escape. */
function mostBytes(value: JsonValue | object | undefined): number {
  if (typeof value === 'string') return value.length * 6 + 3;
  if (typeof value !== 'object' || value === null) return 25;
  if (isBigIntegerText(value)) return value.rawJSON.length + 1;
  let bytes = 3;
  for (const [key, inner] of Object.entries(value) as [string, JsonValue][])
    bytes += key.length * 6 + 3 + mostBytes(inner);
  return bytes;
}

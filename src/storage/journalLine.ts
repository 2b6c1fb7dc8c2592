import type { JournalEvent } from '../core/events.ts';
import { isJsonObject, parseJson, toJsonLine, type JsonValue } from '../core/json.ts';
import type { JournalEntry } from '../core/view.ts';
import { sha256Hex } from './dataFile.ts';

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

const sumMark = ',"sum":"';
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
  const sum = sha256Hex(body);
  return { bytes: Buffer.from(`${body}${sumMark}${sum}"}\n`), sum };
}

/** The line's content when its sum holds; undefined otherwise. The bytes are those without the newline. */
export function decodeLine(bytes: Buffer): JournalLine | undefined {
  if (bytes.length <= tailLength) return undefined;
  const bodyLength = bytes.length - tailLength;
  const tail = bytes.toString('latin1', bodyLength);
  if (!tail.startsWith(sumMark) || !tail.endsWith('"}')) return undefined;
  const sum = tail.slice(sumMark.length, -2);
  if (sha256Hex(bytes.subarray(0, bodyLength)) !== sum) return undefined;
  const value = parseJson(`${bytes.toString('utf8', 0, bodyLength)}}`);
  if (!isJsonObject(value)) return undefined;
  const { seq, at, prev, events } = value;
  if (typeof seq !== 'number' || typeof at !== 'string' || typeof prev !== 'string')
    return undefined;
  // The sum held, so the events are the ones that were written: their shape is the format's, not to be guessed again.
  return { seq, at, prev, events: events as unknown as readonly JournalEvent[], sum };
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
  const pieces = events.flatMap((event) => splitEvent(event, maxBytes));
  for (const { event, bytes } of pieces) {
    if (line.length > 0 && lineBytes + bytes > maxBytes) {
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
  const bytes = estimatedBytes(event);
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

/** Cheap for the many small events, exact where size matters. */
function estimatedBytes(event: JournalEvent): number {
  if (event.type === 'units') {
    if (event.items.length < 100) return event.items.length * 4096;
    return Buffer.byteLength(JSON.stringify(event.items));
  }
  if (event.type === 'adopted') return event.range.keys.length + 512;
  if (event.type === 'taken') return event.keys.length + 100;
  if (event.type === 'committed')
    return event.ranges.reduce((sum, r) => sum + r.keys.length + 300, event.units.length * 80);
  if (event.type === 'advanced' || event.type === 'answered')
    return JSON.stringify(event.cursor).length * 3 + 100;
  return 512;
}

import { assertNever } from '../../core/assert.ts';
import type { JournalEvent } from '../../core/events.ts';
import { emptyView, reduceView, type JournalEntry, type SessionView } from '../../core/view.ts';
import type { HistoryMark, HistoryPoint, SessionHistory } from '../../core/history.ts';

/** How many points a history has, at most. */
export const maxPoints = 600;
/** Of marks of checkpoints the newest so many are kept: as many as a session keeps of their files by default. */
export const maxCheckpointMarks = 1000;

/**
 * Folds a journal into how its session went. Its memory does not grow with the journal: the points begin close together,
 * and each time that there are too many every other one goes.
 */
export class HistoryFold {
  #view: SessionView = emptyView;
  #startMs = 0;
  /** Apart from each other. A power of two. */
  #stepMs = 1;
  /** At the start, and every step after it. */
  #points: HistoryPoint[] = [];
  #lastMs = 0;
  #marks: HistoryMark[] = [];
  #checkpointMarks = 0;

  /** Takes in the next line. */
  add(entry: JournalEntry): void {
    // A clock that was put back would draw a line that goes back.
    const atMs = Math.max(this.#lastMs, Date.parse(entry.at));
    if (this.#view.seq < 0) this.#startMs = atMs;
    else this.#pointsBefore(atMs);
    this.#view = reduceView(this.#view, entry);
    this.#lastMs = atMs;
    for (const event of entry.events) {
      const mark = markOf(event, atMs, entry.seq);
      if (mark !== undefined) this.#mark(mark);
    }
  }

  /** The history so far. */
  result(): SessionHistory {
    if (this.#view.seq < 0) return { points: [], marks: [] };
    return {
      points: [...this.#points, pointOf(this.#view, this.#lastMs)],
      marks: [...this.#marks],
    };
  }

  /** The points of the time up to a line's, with what was true until then. */
  #pointsBefore(atMs: number): void {
    for (;;) {
      const nextMs = this.#startMs + this.#points.length * this.#stepMs;
      if (nextMs >= atMs) return;
      this.#points.push(pointOf(this.#view, nextMs));
      // One place is the last line's.
      if (this.#points.length < maxPoints) continue;
      this.#points = this.#points.filter((_, i) => i % 2 === 0);
      this.#stepMs *= 2;
    }
  }

  #mark(mark: HistoryMark): void {
    this.#marks.push(mark);
    if (mark.kind !== 'checkpoint') return;
    this.#checkpointMarks += 1;
    // Not one by one: each time is a pass through all of them.
    if (this.#checkpointMarks < 2 * maxCheckpointMarks) return;
    let surplus = this.#checkpointMarks - maxCheckpointMarks;
    this.#marks = this.#marks.filter(({ kind }) => kind !== 'checkpoint' || surplus-- <= 0);
    this.#checkpointMarks = maxCheckpointMarks;
  }
}

function pointOf(view: SessionView, at: number): HistoryPoint {
  const { records, units, files, spentMicroUsd } = view;
  const { done, failed } = units;
  const bytes = files.reduce((sum, file) => sum + (file.role === 'master' ? file.bytes : 0), 0);
  return { at, records, done, failed, bytes, spentMicroUsd };
}

function markOf(event: JournalEvent, at: number, seq: number): HistoryMark | undefined {
  const mark = (
    kind: HistoryMark['kind'],
    reason: string | null = null,
    checkpoint: string | null = null,
  ): HistoryMark => ({ at, seq, kind, reason, checkpoint });
  switch (event.type) {
    case 'opened':
      return mark('opened', event.via);
    case 'paused':
      return mark('paused', event.reason);
    case 'resumed':
      return mark('resumed');
    case 'stopped':
      return mark('stopped', event.reason);
    case 'completed':
      return mark('completed', event.by);
    case 'recovered':
      return mark('recovered');
    case 'damaged':
      return mark('damaged', event.role);
    case 'requeueSince':
      return mark('wentBack', null, event.checkpoint);
    case 'checkpoint':
      return mark('checkpoint', event.checkpointType, event.id);
    case 'session':
    case 'imported':
    case 'file':
    case 'units':
    case 'claimed':
    case 'advanced':
    case 'finished':
    case 'requeued':
    case 'committed':
    case 'adopted':
    case 'taken':
    case 'answered':
    case 'intent':
    case 'handle':
    case 'settled':
    case 'requests':
      return undefined;
    default:
      return assertNever(event, 'journal event');
  }
}

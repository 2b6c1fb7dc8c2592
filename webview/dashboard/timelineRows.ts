import type { HistoryMark } from '../../src/core/history.ts';
import type { DashboardModel, SessionPast } from '../../src/protocol/dashboard.ts';

/** One row of the timeline. */
export interface TimelineRow {
  /** Its own: what a row is known by when others come and go. */
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly seq: number;
  readonly kind: HistoryMark['kind'];
  readonly reason: string | null;
  /** Of checkpoints only. */
  readonly checkpoint: {
    readonly id: string;
    readonly valid: boolean;
    /** Null of one that has just been written. */
    readonly records: number | null;
  } | null;
}

/**
 * What happened to a session, newest first: its marks, and its checkpoints that are still kept. One that has been
 * written since is known from the view.
 */
export function timelineRows(
  { history, checkpoints }: SessionPast,
  { snapshot: { view } }: DashboardModel,
): readonly TimelineRow[] {
  const rows = history.marks
    .filter(({ kind }) => kind !== 'checkpoint')
    .map(({ at, seq, kind, reason }, i): TimelineRow => {
      return { key: `${seq} ${kind} ${i}`, at, seq, kind, reason, checkpoint: null };
    });
  for (const { id, type, at, seq, valid, records } of checkpoints) {
    rows.push(checkpointRow(id, type, at, seq, valid, records));
  }
  const last = view.lastCheckpoint;
  const newestSeq = checkpoints.reduce((most, { seq }) => Math.max(most, seq), -1);
  if (last && last.seq > newestSeq) {
    rows.push(checkpointRow(last.id, last.type, last.at, last.seq, true, null));
  }
  return rows.sort((a, b) => b.seq - a.seq || b.at - a.at);
}

function checkpointRow(
  id: string,
  reason: string,
  at: string,
  seq: number,
  valid: boolean,
  records: number | null,
): TimelineRow {
  const checkpoint = { id, valid, records };
  return { key: id, at: Date.parse(at), seq, kind: 'checkpoint', reason, checkpoint };
}

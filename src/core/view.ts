import { assertNever } from './assert.ts';
import type {
  CheckpointType,
  CommittedRange,
  DamagedEvent,
  FileRole,
  JournalEvent,
  PauseReason,
  StopReason,
  UnitError,
} from './events.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { mutableKeys } from './mutableKeys.ts';
import { unitStates, type UnitState } from './unit.ts';

/**
 * Where a session stands. `paused`: by a person or a guard, its process lives. `stopped`: ended early on purpose.
 * `interrupted`: its process died. `faulted`: its storage can't be trusted until it is opened again.
 */
export type SessionState =
  'active' | 'paused' | 'stopped' | 'interrupted' | 'faulted' | 'completed';

/** Whether a session in this state can be taken up again; `completed` with nothing left, and `active`, can not. */
export function isResumable(view: Pick<SessionView, 'state' | 'units'>): boolean {
  switch (view.state) {
    case 'active':
      return false;
    case 'completed':
      return view.units.pending + view.units.in_progress > 0;
    case 'paused':
    case 'stopped':
    case 'interrupted':
    case 'faulted':
      return true;
    default:
      return assertNever(view.state, 'session state');
  }
}

/** How many units are in each state. */
export type UnitCounts = Readonly<Record<UnitState, number>>;

/** A data file as the journal knows it. */
export interface FileView {
  readonly role: FileRole;
  /** Relative to the workspace folder. */
  readonly file: string;
  readonly lines: number;
  /** Where the last journalled range ends. */
  readonly bytes: number;
  /** The last journalled range: what opening the session checks first. */
  readonly last?: Pick<CommittedRange, 'offset' | 'bytes' | 'sha256'> | undefined;
}

/** A unit's error with the time it happened. */
export interface ErrorView extends UnitError {
  readonly unit: number;
  /** ISO time. */
  readonly at: string;
  /** Whether the unit is tried again. */
  readonly retried: boolean;
}

/** A checkpoint that the journal names. */
export interface CheckpointView {
  readonly id: string;
  readonly type: CheckpointType;
  readonly at: string;
  readonly seq: number;
}

/**
 * Everything a screen says about a session that can be counted: the fold of its journal, and nothing else, so it
 * equals a recount of the files. Estimates (rate, ETA) are in {@link LiveStats}.
 */
export interface SessionView {
  readonly session: string;
  /** The collection's name. */
  readonly name: string;
  /** Relative to the workspace folder. */
  readonly collectionFile: string;
  /** The session whose raw items it maps again; left out by others. */
  readonly remapOf?: string;
  readonly state: SessionState;
  /** Why it is paused or stopped, where it is. */
  readonly reason: PauseReason | StopReason | 'exhausted' | 'target' | null;
  /** The same in words, for a pause by a guard. */
  readonly reasonMessage: string | null;
  /** The code of the error that it was paused by: what a screen offers to do about it. */
  readonly reasonCode: string | null;
  readonly createdAt: string;
  readonly lastEventAt: string;
  /** Milliseconds of work in the starts and resumes that have ended. Of one that was killed, up to its last event. */
  readonly activeMs: number;
  /** When it was taken up the last time; null when that start has ended in order. */
  readonly openedAt: string | null;
  /** Units known so far. */
  readonly unitTotal: number;
  readonly units: UnitCounts;
  readonly records: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly files: readonly FileView[];
  readonly spentMicroUsd: number;
  readonly reservedMicroUsd: number;
  /** Requests that count for `limits.maxRequests`; 0 where there is none. */
  readonly requests: number;
  /** The newest {@link maxErrorsInView}, newest first. */
  readonly errors: readonly ErrorView[];
  /** The parts of the collection that may change, as the session has them now (`mutableKeys`). */
  readonly mutable: JsonObject;
  readonly checkpointCount: number;
  readonly lastCheckpoint: CheckpointView | null;
  /** The last journal line that is folded in. */
  readonly seq: number;
}

/** How many errors a view keeps; the journal has them all. */
const maxErrorsInView = 20;

/** The view before the first journal line. */
export const emptyView: SessionView = {
  session: '',
  name: '',
  collectionFile: '',
  state: 'active',
  reason: null,
  reasonMessage: null,
  reasonCode: null,
  createdAt: '',
  lastEventAt: '',
  activeMs: 0,
  openedAt: null,
  unitTotal: 0,
  units: { pending: 0, in_progress: 0, done: 0, failed: 0, skipped: 0, blocked: 0 },
  records: 0,
  duplicates: 0,
  rejected: 0,
  files: [],
  spentMicroUsd: 0,
  reservedMicroUsd: 0,
  requests: 0,
  errors: [],
  mutable: {},
  checkpointCount: 0,
  lastCheckpoint: null,
  seq: -1,
};

/** One journal line, as far as the fold needs it. */
export interface JournalEntry {
  readonly seq: number;
  /** ISO time, UTC. */
  readonly at: string;
  readonly events: readonly JournalEvent[];
}

type Draft = { -readonly [K in keyof SessionView]: SessionView[K] };

/** Folds one journal line into a view. Pure; the cost does not depend on the session's size. */
export function reduceView(view: SessionView, entry: JournalEntry): SessionView {
  const isTakenUp = entry.events.some((event) => event.type === 'opened');
  const draft: Draft = { ...(isTakenUp ? cutShort(view) : view) };
  draft.seq = entry.seq;
  draft.lastEventAt = entry.at;
  for (const event of entry.events) applyEvent(draft, event, entry);
  return draft;
}

/** A view whose last start has ended without saying so: its process died. */
export function cutShort(view: SessionView): SessionView {
  if (view.openedAt === null) return view;
  const lastedMs = Date.parse(view.lastEventAt) - Date.parse(view.openedAt);
  return { ...view, activeMs: view.activeMs + Math.max(0, lastedMs), openedAt: null };
}

function applyEvent(draft: Draft, event: JournalEvent, entry: JournalEntry): void {
  switch (event.type) {
    case 'session': {
      const name = event.collection['name'];
      draft.session = event.session;
      draft.name = typeof name === 'string' ? name : '';
      draft.collectionFile = event.collectionFile;
      const remap = event.collection['remap'];
      if (isJsonObject(remap) && typeof remap['session'] === 'string') {
        draft.remapOf = remap['session'];
      }
      draft.createdAt = entry.at;
      draft.mutable = mutablePart(event.collection);
      return;
    }
    case 'opened':
      if (event.collection) draft.mutable = event.collection;
      draft.openedAt = entry.at;
      enterState(draft, 'active');
      return;
    case 'resumed':
      enterState(draft, 'active');
      return;
    case 'file':
      draft.files = [...draft.files, { role: event.role, file: event.file, lines: 0, bytes: 0 }];
      return;
    case 'units':
      // Not a sum: after a damaged line the numbers of its units must not be given again.
      draft.unitTotal = Math.max(draft.unitTotal, event.first - 1 + event.items.length);
      moveUnits(draft, undefined, 'pending', event.items.length);
      return;
    case 'claimed':
      moveUnits(draft, 'pending', 'in_progress');
      return;
    case 'finished':
      moveUnits(draft, event.from ?? 'in_progress', event.state);
      // What is skipped or blocked is so by the rules; it has its own counts.
      if (event.error && event.state === 'failed') {
        addError(draft, event.unit, event.error, entry.at, false);
      }
      return;
    case 'requeued':
      moveUnits(draft, event.from ?? 'in_progress', 'pending');
      draft.duplicates -= event.forget ?? 0;
      if (event.error) addError(draft, event.unit, event.error, entry.at, true);
      return;
    case 'committed':
      for (const tally of event.units) {
        draft.records += tally.records;
        draft.duplicates += tally.duplicates;
        draft.rejected += tally.rejected;
      }
      for (const range of event.ranges) growFile(draft, range, keyCount(range.keys));
      return;
    case 'adopted':
      if (event.range.role === 'master') draft.records += event.records;
      if (event.range.role === 'rejected') draft.rejected += event.records;
      growFile(draft, event.range, event.records);
      return;
    case 'intent':
      draft.reservedMicroUsd += event.reservedMicroUsd;
      return;
    case 'settled':
      draft.spentMicroUsd += event.spentMicroUsd;
      draft.reservedMicroUsd -= event.reservedMicroUsd;
      return;
    case 'requests':
      draft.requests += event.count;
      return;
    case 'checkpoint':
      draft.checkpointCount += 1;
      draft.lastCheckpoint = {
        id: event.id,
        type: event.checkpointType,
        at: entry.at,
        seq: entry.seq,
      };
      return;
    case 'paused':
      enterState(draft, 'paused', event.reason, event.message);
      draft.reasonCode = event.code ?? null;
      return;
    case 'stopped':
      enterState(draft, 'stopped', event.reason);
      draft.activeMs += event.activeMs;
      draft.openedAt = null;
      return;
    case 'completed':
      enterState(draft, 'completed', event.by);
      draft.activeMs += event.activeMs;
      draft.openedAt = null;
      return;
    case 'recovered':
      if (event.units) draft.units = event.units;
      return;
    case 'damaged':
      if (event.role === 'master') draft.records -= event.lost;
      if (event.role === 'rejected') draft.rejected -= event.lost;
      shrinkFile(draft, event);
      return;
    case 'requeueSince':
      for (const state of unitStates) {
        if (state !== 'in_progress') moveUnits(draft, state, 'pending', event.from[state]);
      }
      return;
    case 'imported':
    case 'advanced':
    case 'taken':
    case 'answered':
    case 'handle':
      return;
    default:
      assertNever(event, 'journal event');
  }
}

function mutablePart(collection: JsonObject): JsonObject {
  const keys: readonly string[] = mutableKeys;
  return Object.fromEntries(Object.entries(collection).filter(([key]) => keys.includes(key)));
}

function enterState(
  draft: Draft,
  state: SessionState,
  reason: SessionView['reason'] = null,
  message: string | null = null,
): void {
  draft.state = state;
  draft.reason = reason;
  draft.reasonMessage = message;
  draft.reasonCode = null;
}

function moveUnits(draft: Draft, from: UnitState | undefined, to: UnitState, count = 1): void {
  const units = { ...draft.units };
  if (from !== undefined) units[from] -= count;
  units[to] += count;
  draft.units = units;
}

function growFile(draft: Draft, range: CommittedRange, lines: number): void {
  // Not a sum: after a damaged line the ranges that follow it still end where they end.
  const end = range.offset + range.bytes;
  const { role, file } = range;
  const isNamed = draft.files.some((f) => f.file === file);
  // The line that named the file may be damaged.
  const files = isNamed ? draft.files : [...draft.files, { role, file, lines: 0, bytes: 0 }];
  draft.files = files.map((f) =>
    f.file === file
      ? {
          ...f,
          lines: f.lines + lines,
          bytes: Math.max(f.bytes, end),
          ...(end >= f.bytes && {
            last: { offset: range.offset, bytes: range.bytes, sha256: range.sha256 },
          }),
        }
      : f,
  );
}

function shrinkFile(draft: Draft, { file, isCut, offset, lost }: DamagedEvent): void {
  draft.files = draft.files.map((f) => {
    if (f.file !== file) return f;
    // What is left of the last range is not known by its sum any more.
    const left = { ...f, lines: f.lines - lost, last: undefined };
    return isCut ? { ...left, bytes: offset } : left;
  });
}

function addError(
  draft: Draft,
  unit: number,
  error: UnitError,
  at: string,
  retried: boolean,
): void {
  draft.errors = [{ ...error, unit, at, retried }, ...draft.errors].slice(0, maxErrorsInView);
}

/** How many 16-byte keys a base64 text holds: 16 bytes are 21 1/3 characters, padding aside. */
export function keyCount(keys: string): number {
  let length = keys.length;
  while (length > 0 && keys[length - 1] === '=') length -= 1;
  return Math.floor((length * 3) / 4 / 16);
}

import type { EarlierData } from './importReport.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { FinalUnitState, UnitState } from './unit.ts';

/** The version of the journal that this code writes. A newer one is refused, an older one is read. */
export const journalFormat = 1;

/** The three kinds of append-only data file. */
export type FileRole = 'master' | 'raw' | 'rejected';

/** Kinds of checkpoint: the second earlier system's five, its planned three for consolidation, and two of ours. */
export type CheckpointType =
  | 'session_started'
  | 'venue_completed'
  | 'batch_completed'
  | 'api_call_completed'
  | 'error_occurred'
  | 'source_completed'
  | 'batch_processed'
  | 'deduplication_completed'
  | 'session_paused'
  | 'session_completed';

/** Why a session was paused. `setup`: something that the collection needs is missing or wrong, such as a secret. */
export type PauseReason = 'user' | 'disk-full' | 'budget' | 'in-doubt' | 'setup';

/** Why a session was stopped on purpose. */
export type StopReason = 'user' | 'signal' | 'window-closed' | 'guard';

/** Bytes that a commit appended to a data file. */
export interface CommittedRange {
  readonly role: FileRole;
  /** Relative to the workspace folder, with forward slashes. */
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** sha256 of the bytes, hex. */
  readonly sha256: string;
  /** The lines' 16-byte keys, one after the other, base64; grouped by unit in the order of `units`. */
  readonly keys: string;
}

/** What one commit did for one unit. */
export interface UnitTally {
  readonly unit: number;
  readonly records: number;
  readonly duplicates: number;
  readonly rejected: number;
  /** Raw lines. Left out when none. */
  readonly raw?: number;
}

/** How an API or a host has been answering: restored on resume, and shown as API health. */
export interface HostHealth {
  readonly host: string;
  readonly status: 'healthy' | 'degraded' | 'critical' | 'offline';
  readonly requests: number;
  readonly failures: number;
  readonly consecutiveErrors: number;
  readonly avgResponseMs: number;
  readonly circuit: 'closed' | 'open' | 'half-open';
  /** ISO time before which nothing is sent. */
  readonly notBefore?: string;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: string };
  readonly lastSuccessAt?: string;
}

/** The session's birth: always the first event of the first line. */
export interface SessionEvent {
  readonly type: 'session';
  readonly format: number;
  readonly session: string;
  /** The collection file, relative to the workspace folder. */
  readonly collectionFile: string;
  /** The collection as it was read; secrets stand in it as names. */
  readonly collection: JsonObject;
  /** sha256 of the parts that may not change between start and resume. */
  readonly digest: string;
  /** How records get their keys, in words: part of the format. */
  readonly keyRecipe: string;
  readonly machineId: string;
  /** Absolute path of the workspace folder when the session was made: to notice that it moved. */
  readonly workspace: string;
  readonly createdBy: string;
}

/** A process took the session up. */
export interface OpenedEvent {
  readonly type: 'opened';
  readonly pid: number;
  readonly host: string;
  readonly bootId: string;
  readonly via: 'cli' | 'window';
  /** Limits and the like as they are from here on; only when they changed. */
  readonly collection?: JsonObject;
}

/** A data file was made: its name is durable before its first byte. */
export interface FileEvent {
  readonly type: 'file';
  readonly role: FileRole;
  readonly file: string;
}

/** A unit as the journal holds it; what equals the event's defaults is left out. */
export interface JournalUnit {
  readonly key: string;
  readonly lane?: string;
  readonly group?: string;
  readonly input?: JsonObject;
}

/** Units became known. They are numbered `first`, `first + 1`, … */
export interface UnitsEvent {
  readonly type: 'units';
  readonly first: number;
  readonly lane: string;
  readonly group: string;
  readonly items: readonly JournalUnit[];
}

/** A unit was claimed. */
export interface ClaimedEvent {
  readonly type: 'claimed';
  readonly unit: number;
  readonly attempt: number;
}

/** A unit's source moved on; everything before the cursor is durable. */
export interface AdvancedEvent {
  readonly type: 'advanced';
  readonly unit: number;
  readonly cursor: JsonValue;
}

/** Proof that a source was read to its end. */
export interface EndProof {
  /** What showed it: "no next link", "empty page", "one page". */
  readonly by: string;
  /** How many items the source says there are, where it says so. */
  readonly expected?: number;
}

/** What went wrong with a unit. */
export interface UnitError {
  /** The unit's key, so that the event can be read by itself. */
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

/** A unit ended. */
export interface FinishedEvent {
  readonly type: 'finished';
  readonly unit: number;
  readonly state: FinalUnitState;
  /** Left out when it was in progress. */
  readonly from?: 'pending';
  readonly proof?: EndProof;
  readonly error?: UnitError;
}

/** A unit went back to `pending`, to be taken up again at its cursor; `damaged`: from its start. */
export interface RequeuedEvent {
  readonly type: 'requeued';
  readonly unit: number;
  readonly reason:
    'retry' | 'throttled' | 'stopped' | 'interrupted' | 'limit' | 'asked' | 'damaged';
  /** Tries so far since the cursor moved; the next claim counts on from here. */
  readonly attempts: number;
  /** Where it was; left out when it was in progress. */
  readonly from?: FinalUnitState | 'pending';
  /** Duplicates that were counted since the cursor last moved and will be met again. */
  readonly forget?: number;
  readonly error?: UnitError;
}

/** Records (and raw and rejected lines) became durable. */
export interface CommittedEvent {
  readonly type: 'committed';
  readonly ranges: readonly CommittedRange[];
  readonly units: readonly UnitTally[];
}

/** A page of a paid answer is in the raw file, whole: it never needs to be asked for again. */
export interface AnsweredEvent {
  readonly type: 'answered';
  readonly unit: number;
  readonly intent: string;
  /** Where the unit was when it asked for the page; null at its start. */
  readonly cursor: JsonValue;
  /** The call has more pages to give. Left out: this was its last. */
  readonly hasMore?: true;
}

/** A call that costs money is about to leave; its worst case is reserved. */
export interface IntentEvent {
  readonly type: 'intent';
  readonly intent: string;
  readonly unit: number;
  /** What is bought: "apify run apidojo/tweet-scraper". */
  readonly what: string;
  readonly reservedMicroUsd: number;
  /** sha256 of what was sent, to find it again. */
  readonly inputHash: string;
}

/** The other side's name for what an intent started: an Apify run id. */
export interface HandleEvent {
  readonly type: 'handle';
  readonly intent: string;
  readonly kind: string;
  readonly id: string;
}

/** What an intent cost in the end; the reservation is released. */
export interface SettledEvent {
  readonly type: 'settled';
  readonly intent: string;
  /** The reservation that is released. */
  readonly reservedMicroUsd: number;
  readonly spentMicroUsd: number;
  /** How we know: "usageTotalUsd", "price per call", "HTTP 429: not charged", "asked a person". */
  readonly evidence: string;
}

/**
 * Requests were set apart for `limits.maxRequests` before they left, or what was left of them given back (negative). So
 * that a kill can't take the session over its limit, they count as made from here on.
 */
export interface RequestsEvent {
  readonly type: 'requests';
  readonly count: number;
}

/** A verified snapshot was written. */
export interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly id: string;
  readonly checkpointType: CheckpointType;
  readonly health: readonly HostHealth[];
}

/** Work stopped for now; the process lives and holds the lock. */
export interface PausedEvent {
  readonly type: 'paused';
  readonly reason: PauseReason;
  readonly message: string;
  /** The code of the error that it was paused by. Left out where there was none. */
  readonly code?: string;
}

/** Work goes on after a pause. */
export interface ResumedEvent {
  readonly type: 'resumed';
}

/** The session ended early, on purpose. */
export interface StoppedEvent {
  readonly type: 'stopped';
  readonly reason: StopReason;
  readonly activeMs: number;
}

/** Nothing is left to do, or the target is reached. */
export interface CompletedEvent {
  readonly type: 'completed';
  readonly by: 'exhausted' | 'target';
  readonly activeMs: number;
}

/** What opening the session had to do to make it true. */
export interface RecoveredEvent {
  readonly type: 'recovered';
  /** Bytes after the last good journal line, copied aside and cut. */
  readonly journalTornBytes: number;
  /** Journal lines whose sum did not hold, with valid ones after them. */
  readonly journalGaps: number;
  readonly tornFiles: readonly {
    readonly file: string;
    readonly offset: number;
    readonly bytes: number;
    readonly keptAs: string;
  }[];
  /** Good master lines that no journal line named, now adopted. */
  readonly adopted: number;
  /** Ranges that are missing or differ from what was journalled. */
  readonly damaged: readonly {
    readonly file: string;
    readonly offset: number;
    readonly bytes: number;
  }[];
  readonly requeued: number;
  /** How many units are in each state, counted anew: lines that say how they got there are lost. */
  readonly units?: Readonly<Record<UnitState, number>>;
}

/**
 * Journalled bytes of a data file that are not what they were: a part of them is gone, or can't be read. The file is
 * left as it is; what is lost is no longer counted, its keys are no longer known, and its units go back.
 */
export interface DamagedEvent {
  readonly type: 'damaged';
  readonly role: FileRole;
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** Nothing of the file is there from `offset` on; its next range begins there. Else the bytes keep their place. */
  readonly isCut: boolean;
  /** Lines that are lost. */
  readonly lost: number;
  /** The 16-byte keys of the lost lines, one after the other, base64. */
  readonly keys: string;
  /** Lost lines by unit: records of a master, rejects of a rejected file, raw lines. */
  readonly units: readonly { readonly unit: number; readonly lost: number }[];
}

/**
 * A person took the session up from an older checkpoint: every unit of free work that moved on after that journal line
 * goes back to its start. Neither masters nor anything about money is rewound.
 */
export interface RequeueSinceEvent {
  readonly type: 'requeueSince';
  /** The journal line that the checkpoint is of. */
  readonly since: number;
  readonly checkpoint: string;
  /** How many units went back, by the state that they were in. */
  readonly from: Readonly<Record<FinalUnitState | 'pending', number>>;
}

/** Good master lines that no journal line named: kept, counted, and taken by the unit that brings their keys again. */
export interface AdoptedEvent {
  readonly type: 'adopted';
  readonly range: CommittedRange;
  readonly records: number;
}

/**
 * The session was made of what an earlier system, or an earlier session, had collected: in the first line of the journal,
 * so that the same data is not carried over twice.
 */
export interface ImportedEvent {
  readonly type: 'imported';
  readonly kind: EarlierData | 'master';
  /** What was read: relative to the workspace folder where it is inside, else absolute. */
  readonly from: string;
  /** sha256, hex, of the bytes that were read; of several files, of the list of their names and sums. */
  readonly sha256: string;
}

/** A unit brought records again that recovery had adopted: they are its own from here on. */
export interface TakenEvent {
  readonly type: 'taken';
  readonly unit: number;
  /** Their 16-byte keys, one after the other, base64. */
  readonly keys: string;
}

/** One event of the journal. What a session is, is the fold of its events. */
export type JournalEvent =
  | SessionEvent
  | OpenedEvent
  | FileEvent
  | UnitsEvent
  | ClaimedEvent
  | AdvancedEvent
  | FinishedEvent
  | RequeuedEvent
  | CommittedEvent
  | AnsweredEvent
  | IntentEvent
  | HandleEvent
  | SettledEvent
  | RequestsEvent
  | CheckpointEvent
  | PausedEvent
  | ResumedEvent
  | StoppedEvent
  | CompletedEvent
  | RecoveredEvent
  | AdoptedEvent
  | TakenEvent
  | DamagedEvent
  | RequeueSinceEvent
  | ImportedEvent;

import type { EndProof, HostHealth } from '../core/events.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Stage } from '../core/live.ts';
import type { Fingerprint, MissingKeyPart } from '../core/keys.ts';
import type { Clock, Logger, Random, Secrets } from '../core/ports.ts';
import type { PaidCall } from '../core/paidCall.ts';
import type { Place } from '../core/unit.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../core/unit.ts';
import type { RemoteChannel } from './remote/place.ts';

/** What a source can do; the conformance suite and the engine go by it. */
export interface SourceTraits {
  /** Calls cost money: intents, raw files and budgets apply. */
  readonly paid: boolean;
  /** Carrying out a unit can bring new units to light. */
  readonly discovers: boolean;
  /** Units have a cursor, so that a resume goes on in the middle of one. */
  readonly resumesMidUnit: boolean;
  /** Units are carried out one after the other, in the order in which they were planned. */
  readonly inOrder?: true;
}

/**
 * What becomes of a paid call of which it is not known whether it left. `look-up`: the source finds that out at the
 * other side, nobody is asked. `ask`: it counts as spent and waits for a person's word. `repeat`: it counts as spent and
 * is made again.
 */
export type DoubtRule = 'look-up' | 'ask' | 'repeat';

/** What a source is given for its life. */
export interface SourceContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly secrets: Secrets;
  /**
   * From here on a text is taken out of everything that is written and shown, as secrets are: for what a login has
   * brought. Left out where nobody writes.
   */
  readonly hide?: (name: string, value: string) => void;
  /** How hosts were doing when the session last ran: circuits and waiting times go on from here. */
  readonly health: readonly HostHealth[];
  /** Retries and backoff, from the collection. */
  readonly retry: { readonly attempts: number; readonly baseMs: number; readonly maxMs: number };
  /** Requests to one host at once, and per second. */
  readonly perHost: { readonly concurrency: number; readonly ratePerSecond?: number | undefined };
  /** How the place that it runs in reaches the network. */
  readonly network: NetworkSettings;
  /** Absolute path of the workspace folder: what paths in the collection are relative to. */
  readonly root: string;
  /** Absolute path of a folder for what does not fit into memory. Nothing in it is needed after the source is closed. */
  readonly scratch: string;
  /** `record.key` of the collection. */
  readonly keyFields: readonly string[] | undefined;
  /** `limits.perKey.field` of the collection: what `CollectContext.hasRoomFor` is asked about. */
  readonly perKeyField?: string | undefined;
  /** Where the collection's masters are (an absolute folder), and how their names begin. */
  readonly output?: { readonly dir: string; readonly prefix: string } | undefined;
  /** Counts requests for `limits.maxRequests`. */
  readonly requests: RequestMeter;
  /** Told of what comes in. */
  readonly meter: Meter;
  /**
   * Reaches a source that another extension of the editor has registered; not there outside of the editor.
   *
   * @throws PauseError that names the extension when it, or its source, is not there; the signal's reason.
   */
  readonly openExtensionSource?:
    ((id: string, signal: AbortSignal) => Promise<RemoteChannel>) | undefined;
  /** Only there when `debug.snapshots` is on. */
  readonly saveSnapshot?: SaveSnapshot | undefined;
}

/**
 * Keeps a page as it was received, for a person to look at. Never throws.
 *
 * @param name what the file is named after; made safe and unique.
 * @param extension with its dot: `.html`, `.png`.
 * @returns the file's path, relative to the workspace folder; undefined when it could not be written.
 */
export type SaveSnapshot = (
  name: string,
  extension: string,
  content: string | Uint8Array,
) => Promise<string | undefined>;

/** Counts requests against `limits.maxRequests`, over all starts and resumes of a session. */
export interface RequestMeter {
  /**
   * To be awaited before each request that leaves: a page that is opened, a call, a redirect that is followed, a try
   * again. What a browser loads for a page is not counted.
   *
   * @throws PauseError `REQUESTS_USED_UP` when the limit is reached: the request must not leave.
   */
  take(): Promise<void>;
}

/** Without `limits.maxRequests`. */
export const unlimitedRequests: RequestMeter = { take: () => Promise.resolve() };

/** Measures what comes in, for screens: nothing that a session does goes by it. */
export interface Meter {
  /** Bytes of a body have come, as they were on the wire; compressed ones are not unpacked. Or were read of a file. */
  received(bytes: number): void;
  /** A host's answer is there whole, after so many milliseconds; of a browser: the page is open. */
  answered(ms: number): void;
}

/** For work that nobody looks at. */
export const unmetered: Meter = { received: () => undefined, answered: () => undefined };

/** Where a unit's time goes: it is on one {@link Stage} at a time. */
export interface StageWatch {
  /** The stage that it is on. */
  readonly stage: Stage;
  /** From now on the unit's time goes to this stage. */
  enter(stage: Stage): void;
}

/** How the editor (or the terminal's environment) reaches the network. */
export interface NetworkSettings {
  /** Proxy URL; undefined leaves it to the collection file and the environment. */
  readonly proxy?: string;
  /** Hosts that are reached without that proxy. */
  readonly noProxy?: readonly string[];
  /** false: certificates are not checked. */
  readonly strictSsl?: boolean;
  /** Whether the operating system's certificates are trusted, too. */
  readonly systemCertificates?: boolean;
  /** Goes into the User-Agent of collections that name no contact of their own. */
  readonly contact?: string;
}

/** What a source is given for one unit. */
export interface CollectContext {
  /** Aborted when the session pauses, stops or faults: stop within a second by throwing the signal's reason. */
  readonly signal: AbortSignal;
  /**
   * Told where the unit's time goes. It begins on `fetch`, and with each page that is asked for goes on where the source
   * had left it. Left out where nobody looks.
   */
  readonly stages?: StageWatch | undefined;
  /** The unit's calls that cost money; only there for a source that is paid. */
  readonly calls?: UnitCalls;
  /**
   * Whether another record with this value of `limits.perKey.field` may still be taken. A call that can only bring such
   * records need not be paid for: throw UnitSkippedError. Left out without `limits.perKey`.
   */
  readonly hasRoomFor?: (limitValue: string) => boolean;
}

/**
 * What a unit pays for. Everything is durable when it resolves, and nothing that costs money may leave before
 * {@link UnitCalls.intend} has resolved.
 */
export interface UnitCalls {
  /**
   * The calls of this unit, oldest first, also those of earlier starts: to be looked at before anything is bought. A
   * call with a handle goes on; one that is in doubt (`isInDoubt`) is looked up first.
   */
  readonly known: readonly PaidCall[];
  /**
   * Writes down that a call is about to leave, and reserves the most that it can cost, in one commit. Waits while
   * what other calls have reserved is in the way and may be given back.
   *
   * @throws PauseError `BUDGET_REACHED` (`budget`) when `limits.maxUsd` has no room for it; the signal's reason.
   */
  intend(call: {
    /** What is bought: "apify run apidojo/tweet-scraper". */
    readonly what: string;
    readonly worstCaseMicroUsd: number;
    /** sha256, hex, of what is sent, to find it again. */
    readonly inputHash: string;
  }): Promise<PaidCall>;
  /** The other side's name for what a call started: to be told at once. */
  named(intent: string, handle: { readonly kind: string; readonly id: string }): Promise<void>;
  /** What a call cost in the end, and how that is known; what is left of its reservation is given back. */
  settle(intent: string, spentMicroUsd: number, evidence: string): Promise<void>;
}

/**
 * One step of a unit: what a source hands over at once. It is committed as a whole, so a page with its cursor is
 * either durable with the cursor moved, or not there at all.
 */
export interface Page<Item> {
  /**
   * Items as received; {@link Source.map} makes records of them. Whoever takes the page empties the list when that is
   * done, so that a parsed page does not stay in memory until its commit.
   */
  readonly items: Item[];
  /** New units that came to light. Known ones are dropped by their key. */
  readonly units?: readonly NewUnit[];
  /** Items that the source left out because another one with the same key is kept: counted as duplicates. */
  readonly duplicates?: number;
  /** Where to go on after this page; the unit is resumed from here. Left out: the cursor stays. */
  readonly cursor?: JsonValue;
  /** The unit is finished with this page, and this shows it. The last page must have it. */
  readonly end?: EndProof;
  /**
   * The paid call that this page is an answer to: it is in the raw file, durably, before anything is made of it, and
   * comes from there after a crash. Every page that was paid for must have it.
   */
  readonly answer?: PaidAnswer;
}

/** What a page of a paid call brings beside its items. */
export interface PaidAnswer {
  readonly intent: string;
  /** The call has more pages to give. */
  readonly hasMore?: boolean;
  /** What it cost, where the answer shows it: settled in the same commit. */
  readonly settled?: { readonly spentMicroUsd: number; readonly evidence: string };
}

/** What an item brings along, so that it need not be made of it again. */
export interface ItemFacts {
  /** The text that it was read from, one line of JSON: it is written as it is. */
  readonly line?: string | undefined;
  /** The record's key, as `recordKeysOf` would make it. */
  readonly key?: Fingerprint | MissingKeyPart | undefined;
  /** Where it stands: told when it is rejected. */
  readonly place?: Place | undefined;
  /** The unit that it was received for, where that is not the one that hands it over. */
  readonly unit?: Unit | undefined;
}

/**
 * Where records come from. One object serves a whole session.
 *
 * Contract:
 * - `plan` gives the same units with the same keys each time it is called for the same collection; it is called at
 *   every open, and units that are known are dropped.
 * - `collect` yields pages until one has `end`; returning without one is an error of the source. It throws
 *   `RetryError`, `ThrottledError`, `UnitFailedError`, `UnitSkippedError`, `UnitBlockedError` or `PauseError`
 *   (`core/errors.ts`): the class decides what happens next. Anything else counts as a bug and fails the unit.
 * - After a page is yielded the generator is resumed only when the page's commit is durable.
 * - `map` is pure: the same item gives the same record. What it throws rejects that one record, with its message.
 * - Nothing is left running after `close`: no socket, no timer, no promise that rejects unseen.
 */
export interface Source<Item> {
  readonly type: string;
  readonly traits: SourceTraits;
  /** The units to begin with, streamed. */
  plan(signal: AbortSignal): AsyncIterable<NewUnit>;
  /** Carries out one unit from its cursor on. */
  collect(unit: ClaimedUnit, context: CollectContext): AsyncGenerator<Page<Item>, void, void>;
  /**
   * Whether an item makes a record at all: one that only leads to other units does not. Pure, as `map` is. Left out by
   * sources whose every item does.
   */
  makesRecord?(item: Item, unit: Unit): boolean | Promise<boolean>;
  /** The record of one item. */
  map(item: Item, unit: Unit): JsonObject | Promise<JsonObject>;
  /** Left out by sources whose items bring nothing along. */
  facts?(item: Item): ItemFacts;
  /** The item as received, for the raw file. */
  toRaw(item: Item): JsonValue;
  /** An item from its raw form, so that records can be mapped again without a call. */
  fromRaw(raw: JsonValue, unit: Unit): Item;
  /** Facts about an item for provenance: where and when it was received. */
  provenance(item: Item): { readonly url: string; readonly fetchedAt: string };
  /** How each host is doing. */
  health(): readonly HostHealth[];
  /** Ends what is still running. */
  close(): Promise<void>;
}

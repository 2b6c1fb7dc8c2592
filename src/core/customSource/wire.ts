import type { PauseReason } from '../events.ts';
import type { JsonObject, JsonValue } from '../json.ts';

// What crosses between the engine and the place where somebody's own source runs: a worker, an extension host. Items
// cross as JSON text, so that what JSON can't hold is found where it was made, and long integers come through whole.

/** What the engine asks of the side where the code runs. */
export interface SourceRequests {
  describe: { params: SourceSettings; result: SourceAbout };
  /** The next units of a call that was opened with `plan`. */
  nextUnits: { params: CallRef; result: UnitsStep };
  /** The next page of a call that was opened with `collect`. Asked for when the one before is durable. */
  nextPage: { params: CallRef; result: PageStep };
  /** Ends a call: resolves when nothing of it runs any more. */
  end: { params: CallRef; result: null };
  /** Records of items: a JSON list of {@link Mapped}. */
  map: { params: { unit: WireUnit; items: string }; result: string };
  /** Answered by whoever is not busy. */
  ping: { params: null; result: null };
}

/** What the engine tells that side. */
export interface SourceCommands {
  plan: CallRef;
  collect: CallRef & { readonly unit: WireUnit; readonly cursor: JsonValue };
}

/** What that side asks of the engine. */
export interface ToolRequests {
  fetch: { params: CallRef & WireRequest; result: WireResponse };
  secret: { params: CallRef & { readonly name: string }; result: string };
  /** More combinations of `for`; an empty list is their end. */
  forValues: { params: CallRef; result: readonly JsonObject[] };
}

/** What that side tells the engine. */
export interface SourceNotes {
  log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly message: string;
    /** JSON text of an object. */
    readonly facts: string;
  };
}

/** Names one carrying out of `plan` or `collect`. */
export interface CallRef {
  /** Chosen by the engine. */
  readonly call: number;
}

/** What a source is made with. */
export interface SourceSettings {
  readonly options: JsonObject;
}

/** What a source says of itself. */
export interface SourceAbout {
  readonly hasPlan: boolean;
  readonly hasMap: boolean;
  readonly discovers: boolean;
}

/** A unit as the code gets it. */
export interface WireUnit {
  readonly key: string;
  readonly group: string;
  readonly input: JsonValue;
  readonly for: JsonObject;
}

/** Some units: a JSON list of {@link WirePlannedUnit}. */
export interface UnitsStep {
  readonly units: string;
  readonly isLast: boolean;
}

/** A planned unit, its form checked. */
export interface WirePlannedUnit {
  readonly key: string;
  readonly group?: string;
  readonly lane?: string;
  readonly input: JsonValue;
}

/** One page. */
export interface PageStep {
  /** A JSON list. */
  readonly items: string;
  /** A JSON list of {@link Mapped}, one for each item; undefined where the source maps nothing. */
  readonly records: string | undefined;
  /** JSON text. */
  readonly cursor: string | undefined;
  /** A JSON list of {@link WirePlannedUnit}. */
  readonly units: string | undefined;
  readonly url: string | undefined;
  /** What shows that the unit is at its end. */
  readonly end: string | undefined;
}

/** What came of mapping an item. */
export type Mapped = { readonly record: JsonValue } | { readonly error: string };

/** A request to be made. */
export interface WireRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly accept: readonly number[];
  readonly withoutCredentials: boolean;
}

/** A whole answer. */
export interface WireResponse {
  readonly url: string;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What the error of a call means, by what happens next: the classes of `core/errors.ts`; `bug` is anything else. */
export type FailureKind =
  'retry' | 'throttled' | 'failed' | 'skipped' | 'blocked' | 'pause' | 'bug';

/** An error as it crosses, as the data of the RPC's error. */
export interface WireFailure {
  readonly kind: FailureKind;
  readonly delayMs: number | null;
  /** Why the session pauses, of the kind `pause`. */
  readonly reason: PauseReason | null;
  readonly data: JsonObject;
  /** Where in the person's code it was thrown, as "source.mjs:12:5"; null when that is not known. */
  readonly place: string | null;
}

import type { JsonObject } from './json.ts';

/** A text, or its beginning. Any text of a stranger may be in it. */
export interface ShownText {
  readonly text: string;
  readonly isCut: boolean;
}

/** What a field came to in the items that a preview looked at. */
export interface FieldTrace {
  readonly field: string;
  /** As the collection says it: ".price_color", "content.title"; empty where the item is taken as it is. */
  readonly rule: string;
  /** `fact`: where and when an item was received, or a value of `for`. */
  readonly kind: 'selector' | 'path' | 'expression' | 'fact';
  /** Elements that the selector matches in these items; null for what is no selector. */
  readonly matches: number | null;
  /** Items that were looked at. */
  readonly items: number;
  /** Those in which the field has a value. */
  readonly filled: number;
  /** The first values. */
  readonly samples: readonly FieldSample[];
}

/** One value of a field. */
export interface FieldSample {
  /** The text that it was made of, where there is more to it than taking it; null elsewhere. */
  readonly found: ShownText | null;
  /** JSON. */
  readonly value: ShownText;
}

/** A unit that a preview carried out. */
export interface PreviewStep {
  readonly unit: string;
  readonly items: number;
  /** Units that it led to. */
  readonly found: number;
}

/** A record that was refused. */
export interface PreviewReject {
  readonly reason: string;
  readonly record: ShownText;
}

/** What is to be known about a preview beside what it shows. */
export type PreviewNote =
  /** A page without items led to the one that is shown. */
  | 'looked-on'
  /** `scope` leaves the address out: a session does not visit it. */
  | 'out-of-scope'
  /** There were more items than were looked at. */
  | 'first-items-only'
  /** The unit was not read to its end: there is enough to show. */
  | 'cut-short'
  /** Interactions that take pictures were left out. */
  | 'no-screenshots'
  /** `onConflict` and `sort` were left out: they need all files. */
  | 'no-order'
  /** The code is a person's own: what it writes is its own affair. */
  | 'own-code';

/** Why a unit came to nothing, by what a session would do. */
export interface PreviewFailure {
  readonly kind: 'retry' | 'throttled' | 'failed' | 'skipped' | 'blocked' | 'setup' | 'timeout';
  readonly code: string;
  readonly message: string;
  readonly data: JsonObject;
  /** How long the other side asks to wait; null where it does not. */
  readonly delayMs: number | null;
}

/** What carrying out one unit of a collection brought. Nothing of it is written down anywhere. */
export interface PreviewReport {
  readonly collection: string;
  readonly sourceType: string;
  /** The earlier session whose items these are; null where they were received just now. */
  readonly fromSession: string | null;
  /** Keys of the units that the collection begins with, the first few. */
  readonly offered: readonly string[];
  readonly hasMoreUnits: boolean;
  /** In their order; the last one is what is shown. */
  readonly steps: readonly PreviewStep[];
  /** The address that answered, where an item tells it. */
  readonly url: string | null;
  readonly status: number | null;
  /** `items` of the collection, as it says it; empty where it has none. */
  readonly itemsRule: string;
  readonly items: number;
  /** JSON, of the first few. */
  readonly records: readonly ShownText[];
  readonly recordCount: number;
  /** Records with a key that one before them has. */
  readonly duplicates: number;
  readonly rejected: readonly PreviewReject[];
  readonly rejectedCount: number;
  readonly fields: readonly FieldTrace[];
  /** What tells records apart, as the collection says it; empty where it leaves that out. */
  readonly key: readonly string[];
  /** Units that it leads to, the first few. */
  readonly found: readonly string[];
  readonly foundCount: number;
  /** What shows that the unit was read to its end; null where it goes on, or was not read so far. */
  readonly end: string | null;
  /** Where the unit goes on, as JSON. */
  readonly cursor: string | null;
  readonly requests: number;
  readonly planMs: number;
  readonly fetchMs: number;
  readonly mapMs: number;
  readonly notes: readonly PreviewNote[];
  /** What the source had to say. */
  readonly warnings: readonly string[];
  readonly failure: PreviewFailure | null;
}

/** A preview that would cost money: nothing was asked for. */
export interface PreviewPrice {
  readonly collection: string;
  readonly what: 'request' | 'run';
  /** Most that one costs. */
  readonly microUsd: number;
  /** An earlier session whose received items can be looked at for nothing; null where there is none. */
  readonly session: string | null;
}

/** What a preview comes to. */
export type PreviewOutcome =
  | { readonly kind: 'report'; readonly report: PreviewReport }
  | { readonly kind: 'price'; readonly price: PreviewPrice };

/** The beginning of a text. */
export function cutText(text: string, longest: number): ShownText {
  return text.length <= longest
    ? { text, isCut: false }
    : { text: text.slice(0, longest).toWellFormed(), isCut: true };
}

import type { JsonObject, JsonValue } from './json.ts';

/** Where a unit of work stands. See the word list in ARCHITECTURE.md. */
export type UnitState = 'pending' | 'in_progress' | 'done' | 'failed' | 'skipped' | 'blocked';

/** Every unit state, in the order that they are shown. */
export const unitStates = [
  'pending',
  'in_progress',
  'done',
  'failed',
  'skipped',
  'blocked',
] as const satisfies readonly UnitState[];

/** A unit as a source plans or discovers it. */
export interface NewUnit {
  /** Identity within the session: two units with the same key are one. A page's canonical URL, a query's parameters. */
  readonly key: string;
  /** What shares a rate limit: usually the host with its port. */
  readonly lane: string;
  /** What the unit belongs to in the user's mind: "iclr_2024". Safe as a file name. */
  readonly group: string;
  /** What the source needs to carry it out. Must survive JSON. */
  readonly input: JsonObject;
}

/** A unit that the session knows; `n` is its number, from 1, in the order in which units were journalled. */
export interface Unit extends NewUnit {
  readonly n: number;
}

/** A unit that has been claimed: it is `in_progress` until it is finished or goes back. */
export interface ClaimedUnit extends Unit {
  /** Where the source left off, as it last reported; undefined at the start. */
  readonly cursor: JsonValue | undefined;
  /** 1 for the first try since the cursor last moved. */
  readonly attempt: number;
}

/** A line of an input file. */
export interface Place {
  /** As the collection names it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** How a unit may end. */
export type FinalUnitState = Exclude<UnitState, 'pending' | 'in_progress'>;

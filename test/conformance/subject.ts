import type { JsonObject } from '../../src/core/json.ts';
import type { Source, SourceContext, SourceTraits } from '../../src/sources/source.ts';

/** What the other side may do to a source. */
export type Situation =
  /** 429 with `Retry-After: 7`, or what stands for it. */
  | 'throttled'
  /** 503 without a word on when to come back. */
  | 'unavailable'
  /** 404. */
  | 'missing'
  /** The call is taken and never answered. */
  | 'silent'
  /** The answer breaks off in the middle. */
  | 'cut'
  /** Nobody listens. */
  | 'refused';

/** Every situation. */
export const situations = [
  'throttled',
  'unavailable',
  'missing',
  'silent',
  'cut',
  'refused',
] as const satisfies readonly Situation[];

/** How a source must tell of a situation: the class of its error. */
export type ExpectedError = 'RetryError' | 'ThrottledError' | 'UnitFailedError';

/** How long `Retry-After` asks to wait in the situation `throttled`. */
export const throttledMs = 7_000;

/** The other side of a source, as the suite plays it. */
export interface Backend {
  /** Calls received so far, of every kind. */
  readonly calls: number;
  /** Resolves once `count` calls have been received in all. */
  untilCalls(count: number): Promise<void>;
  /** How every call is answered from now on. */
  behave(situation: Situation | 'well'): void | Promise<void>;
  /**
   * Calls from number `nth` on (counted from now, the first is 1) are taken and not answered: not at all, or only with
   * the beginning of an answer.
   */
  stallFrom(nth: number, at: 'start' | 'middle'): void;
  /** Answers what is held, and everything after it, well. */
  release(): void;
  /** Resolves once nothing is connected any more. */
  untilDisconnected(): Promise<void>;
  /** A round trip of the suite's own, which is not counted: whatever was sent before it has arrived by its end. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** A source with all that the suite needs to know about it. */
export interface Subject<Item, Played extends Backend = Backend> {
  readonly name: string;
  /** What the source must say of itself. */
  readonly traits: SourceTraits;
  /** Starts the other side. It holds what {@link expected} says. At least two units are planned. */
  start(): Promise<Played>;
  /** Makes a source against it. A call may take `timeoutMs`. */
  create(
    backend: Played,
    context: SourceContext,
    options: { readonly timeoutMs: number },
  ): Source<Item> | Promise<Source<Item>>;
  /** Every record that a whole collection gives, in any order. */
  expected(backend: Played): readonly JsonObject[];
  /** What each situation must lead to; one that cannot occur is `n/a`. */
  readonly errors: Readonly<Record<Situation, ExpectedError | 'n/a'>>;
  /** false for a source whose work has no hosts, circuits and waiting times. */
  readonly hasHealth: boolean;
  /** How long a call may take before the situation `silent` counts as one. Left out: 300. */
  readonly silentMs?: number;
  /** How long its first unit may take, where something has to start first: a browser. Left out: 2000. */
  readonly firstUnitMs?: number;
  /** Its work makes no calls: what the contract says of calls says nothing of it. */
  readonly isLocal?: true;
}

// The types of CF Collector's sources of your own: for a module beside a collection, and for an extension that
// registers one. A module finds them by a line at its top:
//   /// <reference path="./cf-collector-source.d.ts" />

declare module 'cf-collector/source' {
  /** What a unit is carried out for: the values of the collection's `for` by name. */
  export type ForValues = Readonly<Record<string, string | number | boolean | null>>;
  /** A unit of work as `plan` gives it: a page, a query, a day. A text alone is its key. */
  export interface PlannedUnit {
    /** What tells it from others. Two units with one key are one; a unit that is done is not done again. */
    readonly key: string;
    /** What it belongs to in your mind, such as "iclr_2024". Left out: the source's name. */
    readonly group?: string;
    /** What shares a limit of requests, usually a host. Left out: the source's name. */
    readonly lane?: string;
    /** What `collect` needs to carry it out: anything that JSON can hold. */
    readonly input?: unknown;
  }
  /** A unit as `collect` and `map` get it. */
  export interface SourceUnit<Input = any> {
    readonly key: string;
    readonly group: string;
    /** As it was planned; `{}` where nothing was given. */
    readonly input: Input;
    /** The values of the collection's `for` where the source has no `plan`; `{}` otherwise. */
    readonly for: ForValues;
  }
  /** Several items that are made durable at once, with how far the unit has come. */
  export interface SourcePage<Item = unknown> {
    readonly items?: readonly Item[];
    /**
     * Where to go on after this page: `collect` gets it as `cursor` when the unit is taken up again. Anything that JSON
     * can hold. Without one, a unit that was interrupted starts over, and what is had already is dropped as duplicate.
     */
    readonly cursor?: unknown;
    /** Units that came to light; known ones are dropped by their key. */
    readonly units?: readonly (string | PlannedUnit)[];
    /** The unit is finished with this page, in words for the journal: "no next link". */
    readonly end?: string;
    /** Where the items came from, for provenance. Left out: the URL that was fetched last. */
    readonly url?: string;
  }
  /** How a request is made, beside what the collection's `request` says. */
  export interface SourceRequest {
    readonly method?: 'GET' | 'POST' | 'HEAD';
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    /** Sent as JSON instead of `body`. */
    readonly json?: unknown;
    /** Statuses, beside 2xx, that are an answer and not an error: `[404]`. */
    readonly accept?: readonly number[];
    /** The address came out of data: cookies, Authorization and headers with a secret of `request` stay at home. */
    readonly withoutCredentials?: boolean;
  }
  /** A log for the session: shown by Open Log. */
  export interface SourceLog {
    debug(message: string, facts?: object): void;
    info(message: string, facts?: object): void;
    warn(message: string, facts?: object): void;
    error(message: string, facts?: object): void;
  }
  /** What `plan` and `collect` work with. */
  export interface SourceTools<Options = any> {
    /** `source.options` of the collection, secrets in place. */
    readonly options: Options;
    /** Aborted when the session pauses or stops: end soon, the worker may be ended a moment later. */
    readonly signal: AbortSignal;
    /**
     * `fetch` with the collection's manners: limits for each host, retries, `Retry-After`, proxy, cookies,
     * `limits.maxRequests`. An answer that is neither 2xx nor accepted is thrown and need not be caught: what can pass is
     * tried again, a host that asks for time gets it.
     */
    fetch(url: string | URL, request?: SourceRequest): Promise<Response>;
    /** The value of a secret that was set by Set Secret or stands in the environment; the session pauses where there is none. */
    secret(name: string): Promise<string>;
    readonly log: SourceLog;
    /** To be thrown: the unit is tried again after a while, as often as `retry.attempts` says. */
    retry(
      message: string,
      options?: {
        readonly afterMs?: number;
      },
    ): Error;
    /** To be thrown: the other side asks for time. Costs the unit none of its attempts. */
    notNow(message: string, afterMs: number): Error;
    /** To be thrown: the unit is out of scope. */
    skip(message: string): Error;
    /** To be thrown: the unit is failed, trying again would give the same. So is what throws anything else. */
    fail(message: string): Error;
    /** To be thrown: the session pauses until a person has mended what the message says. */
    pause(message: string): Error;
  }
  /** What `plan` works with. */
  export interface PlanTools<Options = any> extends SourceTools<Options> {
    /** The combinations of the collection's `for` values, streamed. */
    readonly for: AsyncIterable<ForValues>;
  }
  /** What `collect` works with. */
  export interface CollectTools<Options = any> extends SourceTools<Options> {
    /** Where an earlier try of this unit left off: the `cursor` of its last durable page. */
    readonly cursor: any;
    /** Makes a page to be yielded, where a list of items is not enough. */
    page<Item>(page: SourcePage<Item>): PageOf<Item>;
  }
  /** A page that was made by {@link CollectTools.page}. */
  export interface PageOf<Item> {
    readonly page: SourcePage<Item>;
  }
  /** What may be given as a list: a generator, an array, or a promise of one. */
  export type Streamed<T> = AsyncIterable<T> | Iterable<T> | Promise<Iterable<T>>;
  /** A source of your own. */
  export interface SourceDefinition<Item = any, Options = any> {
    /**
     * The units to begin with. The same ones with the same keys each time it is called, as far as nothing new came up.
     * Left out: one unit for every combination of the collection's `for`, or a single one.
     */
    plan?(tools: PlanTools<Options>): Streamed<string | PlannedUnit>;
    /**
     * Carries out one unit: yields items, lists of items or pages. What is yielded is durable before the generator goes on
     * after a page. Returning says that the unit was read to its end.
     */
    collect(
      unit: SourceUnit,
      tools: CollectTools<Options>,
    ): Streamed<Item | readonly Item[] | PageOf<Item>>;
    /**
     * The record of an item. Pure: the same item gives the same record, at any time. Left out: the item is the record.
     * What it throws goes to the rejected file with the item.
     */
    map?(item: Item, unit: SourceUnit): object | Promise<object>;
    /** `collect` brings new units to light, so that how many there are is not known before the end. */
    readonly discovers?: boolean;
  }
  /** Says of an object that it is a source, so that an editor knows the types of its parts. */
  export function defineSource<Item = any, Options = any>(
    source: SourceDefinition<Item, Options>,
  ): SourceDefinition<Item, Options>;
  /** What an extension registers its sources at: a part of what this extension's `activate` returns. */
  export interface SourceRegistry {
    /**
     * Makes a source available to collections as `{ "type": "extension", "id": id }`.
     *
     * @param id "publisher.extension/name": your own extension, which is activated when a collection needs the source.
     * @returns disposing it takes the source back; sessions that use it pause.
     * @throws Error when the id is not of that form, or taken.
     */
    registerSource(
      id: string,
      source: SourceDefinition,
    ): {
      dispose(): void;
    };
  }
}

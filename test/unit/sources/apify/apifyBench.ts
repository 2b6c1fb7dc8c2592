import type { TestContext } from 'node:test';
import type { ApifySourceConfig } from '../../../../src/core/config/apifySource.ts';
import { collectionSchema } from '../../../../src/core/config.ts';
import type { JsonValue } from '../../../../src/core/json.ts';
import type { Logger } from '../../../../src/core/ports.ts';
import type { NewUnit } from '../../../../src/core/unit.ts';
import { createApifySource, type ApifyItem } from '../../../../src/sources/apify/apifySource.ts';
import type {
  CollectContext,
  Page,
  Source,
  SourceContext,
} from '../../../../src/sources/source.ts';
import { claim, makeContext, never, planAll } from '../../../conformance/drive.ts';
import { ApifyServer, type ApifyFaults } from '../../../fixtures/apifyServer.ts';
import {
  ApifyService,
  apifyToken,
  type ApifyActor,
  type ApifyHabits,
} from '../../../fixtures/apifyService.ts';
import { MemoryCalls } from '../../../fixtures/unitCalls.ts';

/** An Apify source's part of a collection, as it is after its checks. */
export function apifyConfig(source: object): ApifySourceConfig {
  const { source: checked } = collectionSchema.parse({
    name: 'test',
    source: { type: 'apify', actor: 'me/counter', maxUsdPerRun: 1, ...source },
  });
  if (checked.type !== 'apify') throw new Error('not an Apify source');
  return checked;
}

/** An actor that sells numbered items: `input.count` of them. */
function counter(changes: Partial<ApifyActor> = {}): ApifyActor {
  return {
    name: 'me/counter',
    usdPerItem: 0.01,
    sells: (input) => {
      const { count } = input;
      if (typeof count !== 'number') throw new Error('Field input.count must be number');
      return Array.from({ length: count }, (_, n) => ({ n }));
    },
    ...changes,
  };
}

/** Times that a test can wait for, on a machine that is busy. */
export const quick = { pollMs: 5, settleMs: 30, doubtMs: 6000 };
/** Times for tests in which nobody answers: everything else in them is settled after them as well. */
export const hasty = { timing: { ...quick, doubtMs: 400 }, request: { timeoutMs: 350 } };

/** What is said in a log, at `warn` and above. */
class Warnings implements Logger {
  readonly said: string[] = [];
  debug(): void {
    // Not of interest.
  }
  info(): void {
    // Not of interest.
  }
  warn(_fields: unknown, message: string): void {
    this.said.push(message);
  }
  error(_fields: unknown, message: string): void {
    this.said.push(message);
  }
}

/** A local Apify, and sources against it. */
export class ApifyBench {
  readonly service: ApifyService;
  readonly server: ApifyServer;
  readonly warnings = new Warnings();
  readonly #t: TestContext;

  private constructor(t: TestContext, service: ApifyService, server: ApifyServer) {
    this.#t = t;
    this.service = service;
    this.server = server;
  }

  static async start(
    t: TestContext,
    options: {
      readonly actor?: Partial<ApifyActor>;
      readonly habits?: ApifyHabits;
      readonly faults?: ApifyFaults;
    } = {},
  ): Promise<ApifyBench> {
    const service = new ApifyService([counter(options.actor)], { runReads: 1, ...options.habits });
    const server = await ApifyServer.start(service, options.faults);
    t.after(() => server.close());
    return new ApifyBench(t, service, server);
  }

  /** A source that is closed when the test ends. Its unit asks for three items where it is not told otherwise. */
  open(source: object = {}, context: Partial<SourceContext> = {}): Source<ApifyItem> {
    const config = apifyConfig({
      baseUrl: this.server.baseUrl,
      input: { count: 3 },
      timing: quick,
      request: { timeoutMs: 5000 },
      ...source,
    });
    const apify = createApifySource(
      config,
      makeContext({
        secrets: { get: (name) => Promise.resolve(name === 'APIFY_TOKEN' ? apifyToken : 's3cret') },
        logger: this.warnings,
        ...context,
      }),
    );
    this.#t.after(() => apify.close());
    return apify;
  }

  /** POST calls that start a run. */
  get starts(): number {
    return this.asked(/^POST .*\/runs$/);
  }

  /** Calls whose method and path match. */
  asked(calls: RegExp): number {
    return this.server.requests.filter(({ method, path }) => calls.test(`${method} ${path}`))
      .length;
  }
}

/** What came of a unit. */
export interface Collected {
  readonly values: readonly JsonValue[];
  readonly pages: readonly Page<ApifyItem>[];
  readonly error: unknown;
  readonly calls: MemoryCalls;
}

/** Carries out a unit, the first one where none is given, until it ends or throws. */
export async function collectUnit(
  source: Source<ApifyItem>,
  options: {
    readonly unit?: NewUnit;
    readonly cursor?: JsonValue;
    readonly calls?: MemoryCalls;
    readonly signal?: AbortSignal;
    readonly hasRoomFor?: CollectContext['hasRoomFor'];
    /** Called with each page before the next one is asked for. */
    readonly onPage?: (page: Page<ApifyItem>) => void;
  } = {},
): Promise<Collected> {
  const unit = options.unit ?? (await planAll(source))[0];
  if (unit === undefined) throw new Error('no unit');
  const { calls = new MemoryCalls(1), signal = never(), hasRoomFor } = options;
  const pages: Page<ApifyItem>[] = [];
  let error: unknown;
  try {
    const context = { signal, calls, ...(hasRoomFor === undefined ? {} : { hasRoomFor }) };
    for await (const page of source.collect(claim(unit, 1, options.cursor), context)) {
      pages.push(page);
      options.onPage?.(page);
    }
  } catch (thrown) {
    error = thrown;
  }
  const values = pages.flatMap(({ items }) => items.map(({ value }) => value));
  return { values, pages, error, calls };
}

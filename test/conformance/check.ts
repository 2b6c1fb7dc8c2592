import type { Source, SourceContext } from '../../src/sources/source.ts';
import { makeContext, within } from './drive.ts';
import { Leftovers, withoutUnseenRejections } from './leftovers.ts';
import type { Backend, Subject } from './subject.ts';

/** What one check works with: a backend that behaves well, and sources against it. */
export interface Bench<Item> {
  readonly subject: Subject<Item>;
  readonly backend: Backend;
  /** A new source; all are closed when the check ends. */
  create(context?: Partial<SourceContext>, timeoutMs?: number): Promise<Source<Item>>;
}

/** One promise of the `Source` contract. */
export interface Check {
  readonly name: string;
  /** Whether it says something about a source like this. */
  appliesTo(subject: Subject<unknown>): boolean;
  /** Rejects with an AssertionError when the promise is not kept. */
  run(bench: Bench<unknown>): Promise<void>;
}

/** A check that holds for every source. */
export function check(name: string, run: Check['run']): Check {
  return checkIf(() => true, name, run);
}

/** A check that holds for some sources. */
export function checkIf(appliesTo: Check['appliesTo'], name: string, run: Check['run']): Check {
  return { name, appliesTo, run };
}

const checkLimitMs = 20_000;

/**
 * Runs one check on a new backend. Whatever the check is about, the source must also leave nothing running after
 * `close` and no rejection unseen.
 */
export async function runCheck<Item, Played extends Backend>(
  subject: Subject<Item, Played>,
  one: Check,
): Promise<void> {
  await withoutUnseenRejections(async () => {
    const leftovers = new Leftovers();
    const backend = await subject.start();
    const sources: Source<Item>[] = [];
    // What is slow to begin is slow to end, as many browsers at a time are.
    const endMs = Math.min(subject.firstUnitMs ?? 1_000, 5_000);
    const bench: Bench<Item> = {
      subject,
      backend,
      create: async (changes, timeoutMs = 30_000) => {
        const source = await subject.create(backend, makeContext(changes), { timeoutMs });
        sources.push(source);
        return source;
      },
    };
    try {
      // A check reads items and hands them back to the source that they are from; it never looks into them.
      const limitMs = checkLimitMs + (subject.firstUnitMs ?? 0);
      await within(limitMs, one.name, one.run(bench as Bench<unknown>));
      const closed = Promise.all(sources.map((source) => source.close()));
      await within(endMs, 'close()', closed);
      await within(endMs, 'the end of all connections', backend.untilDisconnected());
    } finally {
      await Promise.allSettled(sources.map((source) => within(endMs, 'close()', source.close())));
      await backend.close();
    }
    await leftovers.assertNone(endMs);
  });
}

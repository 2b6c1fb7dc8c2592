import type { Collection } from '../../core/config.ts';
import { silentLogger } from '../../core/ports.ts';
import type { NewUnit } from '../../core/unit.ts';
import { createSource } from '../../sources/registry.ts';
import { unlimitedRequests, unmetered } from '../../sources/source.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import type { Environment } from '../beginRun.ts';

/** The units that a collection begins with, as its source plans them. Nothing is fetched. */
export async function* plannedUnits(
  { ports, secrets, network }: Environment,
  collection: Collection,
  { root, scratch }: Pick<SessionLayout, 'root' | 'scratch'>,
  signal: AbortSignal,
): AsyncGenerator<NewUnit, void, void> {
  const source = await createSource(collection.source, {
    clock: ports.clock,
    random: ports.random,
    logger: silentLogger,
    secrets,
    health: [],
    retry: collection.retry,
    perHost: collection.limits.perHost,
    network,
    root,
    scratch,
    keyFields: collection.record.key,
    requests: unlimitedRequests,
    meter: unmetered,
  });
  try {
    yield* source.plan(signal);
  } finally {
    await source.close();
  }
}

import { resolve } from 'node:path';
import { assertNever } from '../../core/assert.ts';
import type { Collection } from '../../core/config.ts';
import type { InteractionConfig } from '../../core/config/interactions.ts';
import type { Logger } from '../../core/ports.ts';
import type { PreviewNote } from '../../core/preview.ts';
import { watchedSecrets, type Redactor } from '../../core/redactor.ts';
import { createSource } from '../../sources/registry.ts';
import { unmetered, type Source, type SourceContext } from '../../sources/source.ts';
import type { Environment } from '../beginRun.ts';
import { RedactedSource } from '../redactSource.ts';
import { createRemapSource } from '../remap/remapSource.ts';
import { hideProxyPasswords } from '../sessionSource.ts';

/** What a preview's source is made with. */
export interface PreviewSourceParts {
  readonly environment: Pick<Environment, 'ports' | 'secrets' | 'network' | 'openExtensionSource'>;
  /** The folder that paths in the collection are relative to. */
  readonly root: string;
  /** Absolute path of a folder that is removed afterwards. */
  readonly scratch: string;
  readonly logger: Logger;
  readonly redactor: Redactor;
  /** A request is about to leave. */
  readonly onRequest: () => void;
}

/** The source that the collection names, without secrets, and without a session to write anything into. */
export async function createPreviewSource(
  collection: Collection,
  parts: PreviewSourceParts,
): Promise<Source<unknown>> {
  const { environment, redactor, logger } = parts;
  hideProxyPasswords(environment.network, redactor);
  const context = contextOf(collection, parts);
  if (collection.remap !== undefined) {
    return createRemapSource(environment.ports.fileSystem, collection, context);
  }
  const source = await createSource(collection.source, context);
  return new RedactedSource({ source, redactor, keepsRaw: false, logger });
}

/** The collection without what its source would write, or would have to read everything for; and what that was. */
export function withoutWriting(collection: Collection): {
  readonly collection: Collection;
  readonly notes: readonly PreviewNote[];
} {
  const { source } = collection;
  const quiet = { ...collection, debug: { snapshots: false } };
  switch (source.type) {
    case 'browser': {
      const interactions = withoutScreenshots(source.interactions);
      const notes = countOf(interactions) < countOf(source.interactions) ? [noScreenshots] : [];
      return { collection: { ...quiet, source: { ...source, interactions } }, notes };
    }
    case 'files': {
      const decides = source.sort !== undefined || source.onConflict !== 'first';
      const asRead = { ...source, sort: undefined, onConflict: 'first' as const };
      return {
        collection: { ...quiet, source: asRead },
        notes: decides ? ['no-order'] : [],
      };
    }
    case 'module':
    case 'extension':
      return { collection: quiet, notes: ['own-code'] };
    case 'html':
    case 'rest':
    case 'apify':
      return { collection: quiet, notes: [] };
    default:
      return assertNever(source, 'source');
  }
}

const noScreenshots: PreviewNote = 'no-screenshots';

function withoutScreenshots(interactions: readonly InteractionConfig[]): InteractionConfig[] {
  return interactions.flatMap((one): InteractionConfig[] => {
    if (one.type === 'screenshot') return [];
    if (one.type !== 'repeat') return [one];
    const inner = one.interactions.filter(({ type }) => type !== 'screenshot');
    return inner.length === 0 ? [] : [{ ...one, interactions: inner }];
  });
}

function countOf(interactions: readonly InteractionConfig[]): number {
  return interactions.reduce(
    (sum, one) => sum + (one.type === 'repeat' ? one.interactions.length : 1),
    0,
  );
}

function contextOf(
  collection: Collection,
  { environment, root, scratch, logger, redactor, onRequest }: PreviewSourceParts,
): SourceContext {
  const { ports, secrets, network, openExtensionSource } = environment;
  return {
    clock: ports.clock,
    random: ports.random,
    logger,
    secrets: watchedSecrets(secrets, redactor),
    hide: (name, value) => {
      redactor.learn(name, value);
    },
    health: [],
    retry: collection.retry,
    perHost: collection.limits.perHost,
    network,
    openExtensionSource,
    root,
    scratch,
    keyFields: collection.record.key,
    perKeyField: collection.limits.perKey?.field,
    output: {
      dir: resolve(root, collection.output.dir),
      prefix: collection.output.prefix ?? collection.name,
    },
    meter: unmetered,
    requests: {
      take: () => {
        onRequest();
        return Promise.resolve();
      },
    },
  };
}

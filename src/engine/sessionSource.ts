import { resolve } from 'node:path';
import type { Collection } from '../core/config.ts';
import type { Logger, Secrets } from '../core/ports.ts';
import { watchedSecrets, type Redactor } from '../core/redactor.ts';
import { createSource, needsDoneByLane } from '../sources/registry.ts';
import type {
  Meter,
  NetworkSettings,
  RequestMeter,
  SaveSnapshot,
  Source,
  SourceContext,
} from '../sources/source.ts';
import type { SessionStore, StoragePorts } from '../storage/sessionStore.ts';
import { Snapshots } from '../storage/snapshots.ts';
import { RedactedSource } from './redactSource.ts';
import { createRemapSource } from './remap/remapSource.ts';

/** What a session's source is made with. */
export interface SessionSourceParts {
  readonly ports: StoragePorts;
  readonly secrets: Secrets;
  readonly network: NetworkSettings;
  /** Only in the editor. */
  readonly openExtensionSource?: SourceContext['openExtensionSource'];
  readonly store: SessionStore;
  /** The session's log. */
  readonly logger: Logger;
  /** Learns the secrets that the source uses. */
  readonly redactor: Redactor;
  readonly requests: RequestMeter;
  readonly meter: Meter;
}

/** Whether items are kept as received. What was paid for is, whatever becomes of it. */
export function keepsRaw(
  { output }: Collection,
  { traits }: Pick<Source<unknown>, 'traits'>,
): boolean {
  return traits.paid || output.raw === true;
}

/** The source of a session: what its collection names, without the secrets that it uses. */
export async function createSessionSource(parts: SessionSourceParts): Promise<Source<unknown>> {
  const { ports, network, store, logger, redactor } = parts;
  const { remap, source: config } = store.collection;
  hideProxyPasswords(network, redactor);
  const context = contextOf(parts);
  // What is mapped again has no secrets any more.
  if (remap !== undefined) return createRemapSource(ports.fileSystem, store.collection, context);
  const doneByLane = needsDoneByLane(config) ? await store.doneByLane() : undefined;
  const source = await createSource(config, context, doneByLane);
  // They have no way in there.
  if (config.type === 'files') return source;
  return new RedactedSource({
    source,
    redactor,
    keepsRaw: keepsRaw(store.collection, source),
    logger,
  });
}

function contextOf({
  ports,
  secrets,
  network,
  openExtensionSource,
  store,
  logger,
  redactor,
  requests,
  meter,
}: SessionSourceParts): SourceContext {
  const { collection, layout } = store;
  return {
    clock: ports.clock,
    random: ports.random,
    logger,
    secrets: watchedSecrets(secrets, redactor),
    hide: (name, value) => {
      redactor.learn(name, value);
    },
    health: store.health,
    retry: collection.retry,
    perHost: collection.limits.perHost,
    network,
    openExtensionSource,
    root: layout.root,
    scratch: layout.scratch,
    keyFields: collection.record.key,
    output: {
      dir: resolve(layout.root, collection.output.dir),
      prefix: collection.output.prefix ?? collection.name,
    },
    perKeyField: collection.limits.perKey?.field,
    requests,
    meter,
    ...(collection.debug.snapshots ? { saveSnapshot: snapshotsOf(store, logger, redactor) } : {}),
  };
}

function snapshotsOf({ layout }: SessionStore, logger: Logger, redactor: Redactor): SaveSnapshot {
  const snapshots = new Snapshots(layout, logger, (text) => redactor.text(text));
  return (name, extension, content) => snapshots.save(name, extension, content);
}

/** Proxies are named in errors of the network: from here on their passwords are taken out. */
export function hideProxyPasswords({ proxy }: NetworkSettings, redactor: Redactor): void {
  const names = ['http_proxy', 'https_proxy', 'all_proxy'];
  const { env } = process;
  const proxies = [proxy, ...names.flatMap((name) => [env[name], env[name.toUpperCase()]])];
  for (const text of proxies) {
    const password = text === undefined ? undefined : URL.parse(text)?.password;
    if (password === undefined || password === '') continue;
    redactor.learn('proxy', password);
    redactor.learn('proxy', decodeURIComponent(password));
  }
}

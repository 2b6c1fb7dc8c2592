import type { Secrets } from '../core/ports.ts';
import { Redactor } from '../core/redactor.ts';
import { doubtRuleOf } from '../sources/registry.ts';
import type { NetworkSettings, SourceContext } from '../sources/source.ts';
import { networkFileSystemAt } from '../storage/machine.ts';
import type { Opener } from '../storage/sessionParts.ts';
import { openSessionLog } from '../storage/sessionLog.ts';
import type { SessionStore, StoragePorts } from '../storage/sessionStore.ts';
import { logJournal } from './journalLog.ts';
import { isMerge, writeManifest } from './merge/manifest.ts';
import type { LateLog } from './lateLog.ts';
import { Ledger } from './paid/ledger.ts';
import { compileRecordSchema, Preparer } from './prepare.ts';
import { RequestBlocks } from './requestMeter.ts';
import { RunMeter } from './runMeter.ts';
import { SessionRun } from './sessionRun.ts';
import { createSessionSource } from './sessionSource.ts';

/** Everything that a run gets from where it runs: the terminal or the editor. */
export interface Environment {
  readonly ports: StoragePorts;
  readonly opener: Opener;
  readonly secrets: Secrets;
  readonly network: NetworkSettings;
  /** Only in the editor. */
  readonly openExtensionSource?: SourceContext['openExtensionSource'];
}

/** Makes the run of a session that has just been made or opened; it is not started. */
export async function beginRun(
  environment: Environment,
  store: SessionStore,
  log: LateLog,
): Promise<SessionRun> {
  const { ports } = environment;
  const { collection } = store;
  const redactor = new Redactor();
  log.attach(openSessionLog(store.layout), redactor);
  const requests = new RequestBlocks(store, collection.limits.maxRequests);
  const meter = new RunMeter();
  const source = await createSessionSource({
    ...environment,
    store,
    logger: log,
    redactor,
    requests,
    meter,
  });
  const networked = await networkFileSystemAt(store.layout.root);
  if (networked !== undefined) {
    const message = `The workspace is on ${networked}: what is durable there, and who holds a session, is up to another machine. Keep collections that matter on a local disk.`;
    log.warn({ fileSystem: networked }, message);
  }
  const doubtRule = doubtRuleOf(collection);
  const ledger =
    doubtRule === undefined ? undefined : await Ledger.open({ ...ports, store, doubtRule });
  const { schema } = collection.record;
  const validate = schema === undefined ? undefined : await compileRecordSchema(schema);
  const run = new SessionRun({
    store,
    source,
    preparer: new Preparer(source, collection, validate),
    ledger,
    clock: ports.clock,
    random: ports.random,
    logger: log,
    requests,
    meter,
    onEntries: (entries) => {
      logJournal(log, entries);
    },
    ...(isMerge(store.view)
      ? { beforeCompleted: (signal) => writeManifest(ports, store, source, signal) }
      : {}),
  });
  void run.finished.then(() => log.close());
  return run;
}

/** Nothing was begun: whoever corrects what is wrong finds the session free, and stopped. */
export async function putAway(store: SessionStore, log: LateLog): Promise<void> {
  const nothing = (): void => undefined;
  // Nobody is there to free a full disk.
  const onDiskFull = (): void => {
    store.abandon();
  };
  store.listen({ onCommitted: nothing, onDiskFull, onFault: nothing, onGroupsEnded: nothing });
  const steps = [
    () => store.record({ type: 'stopped', reason: 'guard', activeMs: 0 }),
    () => store.close(true),
    () => log.close(),
  ];
  // What went wrong before is what is told.
  for (const step of steps) await step().catch(nothing);
}

import { dirname } from 'node:path';
import { collectionSchema, type Collection } from '../core/config.ts';
import { fixedDifferences } from '../core/digest.ts';
import { UsageError } from '../core/errors.ts';
import type { RecoveredEvent, SessionEvent } from '../core/events.ts';
import type { Secrets } from '../core/ports.ts';
import { Redactor } from '../core/redactor.ts';
import type { InDoubtWord, SessionResumeResult } from '../core/recoveryData.ts';
import { cutShort } from '../core/view.ts';
import { editorOnly } from '../sources/extension/editorOnly.ts';
import { doubtRuleOf } from '../sources/registry.ts';
import type { NetworkSettings, SourceContext } from '../sources/source.ts';
import { collectionLock, type SessionLayout } from '../storage/layout.ts';
import { FileLock } from '../storage/lock.ts';
import { networkFileSystemAt } from '../storage/machine.ts';
import { createSession } from '../storage/createSession.ts';
import { openSession } from '../storage/openSession.ts';
import { readSessionHeader } from '../storage/sessionHeader.ts';
import type { Opener } from '../storage/sessionParts.ts';
import {
  findStateRoot,
  inspectSession,
  listSessions,
  type FoundSession,
} from '../storage/sessions.ts';
import { openSessionLog } from '../storage/sessionLog.ts';
import type { SessionStore, StoragePorts } from '../storage/sessionStore.ts';
import { resolveOutputDir } from '../storage/workspaceFiles.ts';
import { loadCollection } from './loadCollection.ts';
import { logJournal } from './journalLog.ts';
import { isMerge, writeManifest } from './merge/manifest.ts';
import { LateLog } from './lateLog.ts';
import { Ledger } from './paid/ledger.ts';
import { compileRecordSchema, Preparer } from './prepare.ts';
import { refuseInDoubt, settleInDoubt } from './recovery/inDoubt.ts';
import { backTo, bringFailedBack, tellResult, type GoingBack } from './recovery/takeUp.ts';
import { refuseReached } from './reachedLimits.ts';
import { RequestBlocks } from './requestMeter.ts';
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

/** A run that was begun. */
export interface Launched {
  readonly run: SessionRun;
  /** What taking the session up again had to mend; undefined when nothing, or when it is new. */
  readonly recovered: RecoveredEvent | undefined;
  /** What taking the session up again did; undefined when it is new. */
  readonly result: SessionResumeResult | undefined;
}

/** What a person asks for beside going on. */
export interface ResumeChoices {
  /** Id of an older checkpoint, or a part of it: free work that moved on since is done again. */
  readonly checkpoint?: string | undefined;
  /** Numbers of failed units that are tried again; null for all. */
  readonly retryFailed?: readonly number[] | null | undefined;
  /** A word on paid calls in doubt. */
  readonly inDoubt?: InDoubtWord | undefined;
  /** Compare every byte of the data files with the journal first. */
  readonly isThorough?: boolean | undefined;
  /** In place of what the collection file says, for this start. */
  readonly limits?: Partial<Collection['limits']> | undefined;
}

/** How long to wait while another process finds or makes a session of the collection. */
const findingMs = 10_000;

/** What to do where a collection has a session that is not complete. */
export type LaunchMode = 'new-only' | 'resume-or-start' | 'always-new';

/**
 * Starts a collection, or takes up its newest session. Finding and making happen under the collection's lock, so two
 * processes that start at once do not both make one.
 *
 * @throws UsageError `UNFINISHED_SESSION` in mode `new-only` where there is an unfinished session, `SESSION_COMPLETE`
 * in mode `resume-or-start` where there is nothing left to do.
 */
export async function startCollection(
  environment: Environment,
  file: string,
  workspace: string,
  mode: LaunchMode,
  overrides: Partial<Collection['limits']> = {},
): Promise<Launched> {
  const { ports, opener } = environment;
  const root = await findStateRoot(ports.fileSystem, file, workspace);
  const loaded = await loadCollection(file, root);
  const collection: Collection = { ...loaded, limits: { ...loaded.limits, ...overrides } };
  const { source } = collection;
  if (source.type === 'extension' && environment.openExtensionSource === undefined) {
    throw editorOnly(source.id);
  }
  await checkSecrets(collection, environment.secrets);
  await refusePaidOnNetworkDisk(root, collection);
  const outputDir = await resolveOutputDir(root, collection.output.dir);
  // It is held for a moment only; who carries the session out is told by the session's own lock.
  const lock = await FileLock.acquire(collectionLock(root, collection.name), {
    ...ports,
    ...opener,
    waitMs: Math.max(opener.waitMs, findingMs),
  });
  try {
    const earlier = await sessionsOf(environment, root, collection.name);
    const newest = earlier[0];
    const isUnfinished = newest !== undefined && !isOver(newest, collection);
    if (newest !== undefined && mode === 'resume-or-start') {
      if (!isUnfinished) throw nothingLeft(newest);
      return await resumeIn(environment, newest, collection, {});
    }
    if (isUnfinished && mode === 'new-only') throw unfinished(newest);
    const log = new LateLog(ports.logger);
    const store = await createSession({ ...ports, logger: log }, opener, {
      root,
      collectionFile: file,
      collection,
      outputDir,
      previous: previousFor(collection, earlier, undefined),
    });
    try {
      return {
        run: await launch(environment, store, log),
        recovered: undefined,
        result: undefined,
      };
    } catch (error) {
      await putAway(store, log);
      throw error;
    }
  } finally {
    lock.release();
  }
}

/**
 * Takes a session up again. The collection file may have changed in what may change; where it is gone, the session goes
 * on with what its journal says.
 *
 * @throws UsageError `CONFIG_CHANGED` naming what differs, `SESSION_COMPLETE` where there is nothing to do,
 * `LIMIT_REACHED` where a limit leaves no room to do it, `IN_DOUBT` while paid calls wait for a word, and as
 * {@link chooseCheckpoint}; HeldError when another process has the session.
 */
export async function resumeSession(
  environment: Environment,
  layout: SessionLayout,
  choices: ResumeChoices = {},
): Promise<Launched> {
  const { ports, secrets } = environment;
  const header = await readSessionHeader(ports, layout);
  const now = await collectionNow(environment, layout, header);
  const collection = { ...now, limits: { ...now.limits, ...choices.limits } };
  const found = await inspectSession(ports.fileSystem, ports.machine, layout);
  await checkSecrets(collection, secrets);
  return resumeIn(environment, found, collection, choices);
}

async function resumeIn(
  environment: Environment,
  found: FoundSession,
  collection: Collection,
  choices: ResumeChoices,
): Promise<Launched> {
  const { ports, opener } = environment;
  const { layout } = found;
  await refusePaidOnNetworkDisk(layout.root, collection);
  const startedAt = ports.clock.now();
  const startedMs = ports.clock.monotonicMs();
  const header = await readSessionHeader(ports, layout);
  const changed = fixedDifferences(header.collection, collection);
  if (changed.length > 0) throw configChanged(header, changed);
  const back = await goingBack(ports, found, collection, choices);
  refuseReached(found.view, cutShort(found.view).activeMs, collection.limits);
  const doubtRule =
    doubtRuleOf(collection) ?? (found.view.reservedMicroUsd > 0 ? 'ask' : undefined);
  if (
    doubtRule !== undefined &&
    choices.inDoubt === undefined &&
    !(await hasAnswersToFind(ports, found))
  ) {
    await refuseInDoubt(ports.fileSystem, layout, doubtRule);
  }
  const previous =
    collection.dedup.against === 'previous'
      ? previousFor(collection, await sessionsOf(environment, layout.root, collection.name), layout)
      : [];
  const log = new LateLog(ports.logger);
  const opened = await openSession({ ...ports, logger: log }, opener, layout, collection, {
    previous,
    isThorough: choices.isThorough ?? false,
    ...(back === undefined
      ? {}
      : { since: { seq: back.checkpoint.seq, checkpoint: back.checkpoint.id } }),
  });
  const { store, recovered } = opened;
  try {
    const callsSettled =
      doubtRule === undefined
        ? 0
        : await settleInDoubt(store, {
            rule: doubtRule,
            word: choices.inDoubt,
            hasNewGap: (recovered?.journalGaps ?? 0) > 0,
          });
    const unitsRetried =
      choices.retryFailed === undefined ? 0 : await bringFailedBack(store, choices.retryFailed);
    const run = await launch(environment, store, log);
    const result = await tellResult(ports, log, store, {
      ...opened,
      session: layout.session,
      startedAt,
      startedMs,
      since:
        back === undefined
          ? undefined
          : { checkpoint: back.checkpoint.id, unitsAgain: back.unitsAgain },
      unitsRetried,
      callsSettled,
    });
    return { run, recovered, result };
  } catch (error) {
    await putAway(store, log);
    throw error;
  }
}

/** @throws UsageError where a collection costs money and another machine decides what is durable. */
async function refusePaidOnNetworkDisk(root: string, collection: Collection): Promise<void> {
  if (doubtRuleOf(collection) === undefined) return;
  const networked = await networkFileSystemAt(root);
  if (networked === undefined) return;
  throw new UsageError(
    'PAID_ON_NETWORK_DISK',
    `${root} is on ${networked}, where another machine decides what is durable: what is paid for there could be lost, ` +
      'or paid for twice. Keep collections that cost money on a local disk.',
    { root, fileSystem: networked },
  );
}

/** Whether the raw file has more than the journal knows: the answer to a call in doubt may be there. */
async function hasAnswersToFind(
  { fileSystem }: StoragePorts,
  { view, layout }: FoundSession,
): Promise<boolean> {
  for (const { role, file, bytes } of view.files) {
    if (role !== 'raw') continue;
    const status = await fileSystem.status(layout.absolute(file));
    if (status !== undefined && status.size > bytes) return true;
  }
  return false;
}

/** Nothing was begun: whoever corrects what is wrong finds the session free, and stopped. */
async function putAway(store: SessionStore, log: LateLog): Promise<void> {
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

/** @throws UsageError where nothing is left to do, or the checkpoint can't be used. */
async function goingBack(
  ports: StoragePorts,
  found: FoundSession,
  collection: Collection,
  { checkpoint: wanted, retryFailed }: ResumeChoices,
): Promise<GoingBack | undefined> {
  const { view, layout } = found;
  const back = wanted === undefined ? undefined : await backTo(ports, layout, wanted);
  const isTargetReached = view.records >= (collection.limits.target ?? Infinity);
  const isAskedForMore =
    (back?.unitsAgain ?? 0) > 0 || (retryFailed !== undefined && view.units.failed > 0);
  if (isOver(found, collection) && (isTargetReached || !isAskedForMore)) throw nothingLeft(found);
  return back;
}

/**
 * Starts a session of a collection that stands in no file.
 *
 * @param root the folder that holds, or gets, `.cf_state`.
 * @param master absolute path of the session's new master.
 * @throws UsageError `OUTPUT_EXISTS` when there is something of that name.
 */
export async function startUnfiled(
  environment: Environment,
  root: string,
  collection: Collection,
  master: string,
): Promise<Launched> {
  const { ports, opener } = environment;
  const log = new LateLog(ports.logger);
  const store = await createSession({ ...ports, logger: log }, opener, {
    root,
    collectionFile: '',
    collection,
    outputDir: dirname(master),
    previous: [],
    master,
  });
  return { run: await launch(environment, store, log), recovered: undefined, result: undefined };
}

async function launch(
  environment: Environment,
  store: SessionStore,
  log: LateLog,
): Promise<SessionRun> {
  const { ports } = environment;
  const { collection } = store;
  const redactor = new Redactor();
  log.attach(openSessionLog(store.layout), redactor);
  const requests = new RequestBlocks(store, collection.limits.maxRequests);
  const source = await createSessionSource({
    ...environment,
    store,
    logger: log,
    redactor,
    requests,
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

async function collectionNow(
  { ports }: Environment,
  layout: SessionLayout,
  header: SessionEvent,
): Promise<Collection> {
  if (header.collectionFile === '') return collectionSchema.parse(header.collection);
  const file = layout.absolute(header.collectionFile);
  if ((await ports.fileSystem.status(file)) === undefined)
    return collectionSchema.parse(header.collection);
  return loadCollection(file);
}

async function sessionsOf(
  { ports }: Environment,
  root: string,
  collection: string,
): Promise<FoundSession[]> {
  const all = await listSessions(ports.fileSystem, ports.machine, root);
  return all.filter((session) => session.view.name === collection);
}

function previousFor(
  collection: Collection,
  sessions: readonly FoundSession[],
  own: SessionLayout | undefined,
): SessionLayout[] {
  if (collection.dedup.against !== 'previous') return [];
  return sessions.map((s) => s.layout).filter((layout) => layout.session !== own?.session);
}

/** Nothing is left to do; a session that had reached its target goes on when that was raised. */
function isOver({ view }: FoundSession, { limits }: Collection): boolean {
  if (view.state !== 'completed') return false;
  const isTargetRaised = (limits.target ?? Infinity) > view.records;
  return view.units.pending + view.units.in_progress === 0 || !isTargetRaised;
}

const secretPattern = /\$\{secret:([^}]+)\}/g;

async function checkSecrets(collection: Collection, secrets: Secrets): Promise<void> {
  // What is mapped again has been received.
  if (collection.remap !== undefined) return;
  const names = [...JSON.stringify(collection.source).matchAll(secretPattern)].map(
    (m) => m[1] ?? '',
  );
  for (const name of new Set(names)) {
    if ((await secrets.get(name)) !== undefined) continue;
    throw new UsageError(
      'SECRET_MISSING',
      `The secret "${name}" is not set. Set the environment variable ${name}, or in VS Code its secret, and start again.`,
      { name },
    );
  }
}

function unfinished({ view }: FoundSession): UsageError {
  return new UsageError(
    'UNFINISHED_SESSION',
    `The collection "${view.name}" has an unfinished session, ${view.session} (${view.state}, ${view.records} records). Resume it, or ask for a new one.`,
    { session: view.session, state: view.state, records: view.records },
  );
}

function nothingLeft({ view }: FoundSession): UsageError {
  const hasUnits = view.units.pending + view.units.in_progress > 0;
  const why = hasUnits
    ? `it has its target of ${view.records} records. Raise limits.target to go on`
    : 'nothing is left to do';
  return new UsageError('SESSION_COMPLETE', `${view.session} is complete: ${why}.`, {
    session: view.session,
  });
}

function configChanged(header: SessionEvent, changed: readonly string[]): UsageError {
  return new UsageError(
    'CONFIG_CHANGED',
    `${header.collectionFile} has changed since ${header.session} began, in ${changed.join(', ')}. Undo that to resume, or start a new session. Only limits, durability, checkpoints, retry and debug may change.`,
    { session: header.session, file: header.collectionFile, changed },
  );
}

import { dirname } from 'node:path';
import { collectionSchema, type Collection } from '../core/config.ts';
import { fixedDifferences } from '../core/digest.ts';
import type { RecoveredEvent, SessionEvent } from '../core/events.ts';
import type { InDoubtWord, SessionResumeResult } from '../core/recoveryData.ts';
import { cutShort, type SessionView } from '../core/view.ts';
import { editorOnly } from '../sources/extension/editorOnly.ts';
import { doubtRuleOf } from '../sources/registry.ts';
import { collectionLock, type SessionLayout } from '../storage/layout.ts';
import { FileLock } from '../storage/lock.ts';
import { createSession } from '../storage/createSession.ts';
import { openSession } from '../storage/openSession.ts';
import { readSessionHeader } from '../storage/sessionHeader.ts';
import {
  findStateRoot,
  inspectSession,
  listSessions,
  type FoundSession,
} from '../storage/sessions.ts';
import type { StoragePorts } from '../storage/sessionStore.ts';
import { requireWritable, resolveOutputDir } from '../storage/workspaceFiles.ts';
import { loadCollection } from './loadCollection.ts';
import { LateLog } from './lateLog.ts';
import { refuseInDoubt, settleInDoubt } from './recovery/inDoubt.ts';
import { backTo, bringFailedBack, tellResult, type GoingBack } from './recovery/takeUp.ts';
import { refuseReached } from './reachedLimits.ts';
import type { SessionRun } from './sessionRun.ts';
import { beginRun, putAway, type Environment } from './beginRun.ts';
import {
  refusePaidOnNetworkDisk,
  checkSecrets,
  unfinished,
  nothingLeft,
  configChanged,
} from './refusals.ts';

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
 * in mode `resume-or-start` where there is nothing left to do, `FOLDER_READ_ONLY` where no session can be kept.
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
  await requireWritable(root);
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
        run: await beginRun(environment, store, log),
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
  const found = await inspectSession(ports.fileSystem, ports.machine, layout);
  const now = await collectionNow(environment, layout, header, found.view);
  const collection = { ...now, limits: { ...now.limits, ...choices.limits } };
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
  await requireWritable(layout.root);
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
    const run = await beginRun(environment, store, log);
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
 * @throws UsageError `OUTPUT_EXISTS` when there is something of that name, `FOLDER_READ_ONLY`.
 */
export async function startUnfiled(
  environment: Environment,
  root: string,
  collection: Collection,
  master: string,
): Promise<Launched> {
  const { ports, opener } = environment;
  const log = new LateLog(ports.logger);
  await requireWritable(root);
  const store = await createSession({ ...ports, logger: log }, opener, {
    root,
    collectionFile: '',
    collection,
    outputDir: dirname(master),
    previous: [],
    master,
  });
  return { run: await beginRun(environment, store, log), recovered: undefined, result: undefined };
}

/** The collection as its file has it now; where there is none, as the session has it, raised limits included. */
async function collectionNow(
  { ports }: Environment,
  layout: SessionLayout,
  header: SessionEvent,
  view: SessionView,
): Promise<Collection> {
  const own = () => collectionSchema.parse({ ...header.collection, ...view.mutable });
  if (header.collectionFile === '') return own();
  const file = layout.absolute(header.collectionFile);
  if ((await ports.fileSystem.status(file)) === undefined) return own();
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

import { dirname } from 'node:path';
import { checkpointListing, readCheckpointContent } from './checkpointListing.ts';
import { ConfigError, UsageError } from '../core/errors.ts';
import { diffSnapshots, idleStats, type SessionSnapshot } from '../core/live.ts';
import type { Logger } from '../core/ports.ts';
import type { SessionResumeResult } from '../core/recoveryData.ts';
import { systemClock, systemRandom } from '../core/systemPorts.ts';
import { version } from '../core/version.ts';
import type { SessionState, SessionView } from '../core/view.ts';
import { resumeSession, startCollection, type ResumeChoices } from '../engine/launch.ts';
import type { Environment } from '../engine/beginRun.ts';
import { loadCollection, readCollection } from '../engine/loadCollection.ts';
import { inDoubtMicroUsdOf } from '../engine/paid/callsInDoubt.ts';
import type { SessionRun } from '../engine/sessionRun.ts';
import type {
  CollectionProblem,
  FailedUnit,
  HttpSettings,
  SessionListing,
  SessionRef,
  WorkerEvents,
  WorkerRequests,
} from '../protocol/worker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import { MeasuredRuns } from '../serve/metrics/measuredRuns.ts';
import { networkOf } from './network.ts';
import { listCheckpoints } from '../storage/checkpointFiles.ts';
import { nodeFileSystem } from '../storage/fileSystem.ts';
import { SessionLayout } from '../storage/layout.ts';
import { identifyMachine, type Machine } from '../storage/machine.ts';
import { SessionIndex } from '../storage/sessionIndex.ts';
import {
  findStateRoot,
  inspectSession,
  listSessions,
  type FoundSession,
} from '../storage/sessions.ts';
import { resolve } from 'node:path';

/** A window that was reloaded may still hold the lock through its old extension host for some seconds. */
const lockWaitMs = 10_000;
const deltaEveryMs = 200;

/** What the worker's sessions need of the other side. */
export interface HostSide {
  emit<K extends keyof WorkerEvents>(name: K, payload: WorkerEvents[K]): void;
  /** The value of a secret; undefined when it is not set. */
  secret(name: string): Promise<string | undefined>;
  /** Reaches a source of another extension. */
  readonly openExtensionSource?: Environment['openExtensionSource'];
}

interface Active {
  readonly run: SessionRun;
  readonly workspace: string;
  /** What can be told of it. */
  told: SessionView;
  lastState: string;
}

interface Watch {
  sent: SessionSnapshot;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The sessions that this worker carries out, and what is known of the others. */
export class WorkerSessions {
  /** What metrics are made of. */
  readonly measured = new MeasuredRuns();
  readonly #host: HostSide;
  readonly #active = new Map<string, Active>();
  readonly #watches = new Map<string, Watch>();
  #machine: Promise<Machine> | undefined;

  constructor(host: HostSide) {
    this.#host = host;
  }

  handlers(): Handlers<WorkerRequests> {
    return {
      listSessions: ({ workspace }) => this.#list(workspace),
      listCheckpoints: async (ref) => {
        const layout = await this.layout(ref);
        return (await listCheckpoints(nodeFileSystem, layout)).map((c) => checkpointListing(c));
      },
      readCheckpoint: async (ref) => readCheckpointContent(await this.layout(ref), ref.checkpoint),
      listFailedUnits: async (ref) => failedUnits(await this.layout(ref), ref.offset, ref.limit),
      checkCollection: (params) => problemsOf(params),
      start: async ({ workspace, file, http }) => {
        const environment = await this.environment(http);
        const { run } = await startCollection(environment, file, workspace, 'always-new');
        return this.begin(run, workspace);
      },
      resume: async ({ inDoubt, ...params }) => {
        await this.resume(params, params.http, { inDoubt });
        return { session: params.session };
      },
      pause: async (ref) => {
        await this.#running(ref).pause('user', '');
        return null;
      },
      stop: async (ref) => {
        await this.#running(ref).stop(ref.reason);
        return null;
      },
      watch: (ref) => this.#watch(ref),
      unwatch: ({ session }) => {
        clearTimeout(this.#watches.get(session)?.timer);
        this.#watches.delete(session);
        return Promise.resolve(null);
      },
    };
  }

  /** What work needs that calls nobody. */
  toolEnvironment(): Promise<Environment> {
    return this.environment({
      proxy: null,
      noProxy: [],
      strictSsl: true,
      systemCertificates: true,
      contact: null,
    });
  }

  async #list(workspace: string): Promise<SessionListing[]> {
    const root = await stateRootOf(workspace);
    const found = await listSessions(nodeFileSystem, await this.#whoWeAre(), root);
    return Promise.all(found.map((session) => this.#listing(session)));
  }

  async #listing(found: FoundSession): Promise<SessionListing> {
    const { layout, view, holder, isResumable, damage } = found;
    const active = this.#active.get(layout.session);
    const now = active === undefined ? view : this.#tellable(active);
    const { collectionFile } = now;
    const isThere =
      collectionFile === '' ||
      (await nodeFileSystem.status(layout.absolute(collectionFile))) !== undefined;
    return {
      view: now,
      holder: holder ?? null,
      resumable: active === undefined ? isResumable : now.state === 'paused',
      damage: damage ?? null,
      isCollectionMissing: !isThere,
      root: layout.root,
      log: layout.log,
    };
  }

  /**
   * Takes a session up again; one that this worker holds paused goes on, whatever the choices. After a pause by a limit
   * it is opened anew: with the limits that the collection file has now.
   *
   * @returns what that did; undefined where it only goes on.
   */
  async resume(
    ref: SessionRef,
    http: HttpSettings,
    choices: ResumeChoices,
  ): Promise<SessionResumeResult | undefined> {
    const active = this.#active.get(ref.session);
    if (active?.run.pausedByGuard === 'budget') {
      await active.run.stop('guard');
    } else if (active !== undefined) {
      await active.run.unpause();
      this.#tellState(ref.session, active);
      return undefined;
    }
    const environment = await this.environment(http);
    const { run, result } = await resumeSession(environment, await this.layout(ref), choices);
    await this.begin(run, ref.workspace);
    return result;
  }

  /** The run of a session that this worker carries out; undefined when it does not. */
  runOf({ session }: SessionRef): SessionRun | undefined {
    return this.#active.get(session)?.run;
  }

  /** Begins to carry a run out, and to tell of it. */
  async begin(run: SessionRun, workspace: string): Promise<{ session: string }> {
    const { session } = run.store.layout;
    const active: Active = { run, workspace, told: run.view, lastState: '' };
    this.#active.set(session, active);
    this.measured.track(run);
    run.onChange(() => {
      this.#changed(session, active);
    });
    await run.start();
    this.#tellState(session, active);
    void run.finished.then(({ state }) => {
      this.#active.delete(session);
      const { view, live } = run.snapshot();
      // Of a run that ended on a full disk, the journal can't say that it ended.
      this.#host.emit('state', {
        workspace,
        session,
        snapshot: { view: { ...view, state }, live },
      });
    });
    return { session };
  }

  #changed(session: string, active: Active): void {
    this.#tellState(session, active);
    const watch = this.#watches.get(session);
    if (watch === undefined) return;
    watch.timer ??= setTimeout(() => {
      watch.timer = undefined;
      const snapshot = this.#now(active);
      this.#host.emit('delta', { session, delta: diffSnapshots(watch.sent, snapshot) });
      watch.sent = snapshot;
    }, deltaEveryMs);
  }

  #tellState(session: string, active: Active): void {
    const { state } = this.#tellable(active);
    if (state === active.lastState || isEnd(state)) return;
    active.lastState = state;
    const { workspace } = active;
    this.#host.emit('state', { workspace, session, snapshot: this.#now(active) });
  }

  #now(active: Active): SessionSnapshot {
    return { ...active.run.snapshot(), view: this.#tellable(active) };
  }

  /** That a run is over is told when it is: checkpointed, and its lock let go. */
  #tellable(active: Active): SessionView {
    const { view } = active.run;
    if (!isEnd(view.state) || this.#active.get(view.session) !== active) active.told = view;
    return active.told;
  }

  async #watch(ref: SessionRef): Promise<SessionSnapshot> {
    const snapshot = await this.#snapshot(ref);
    clearTimeout(this.#watches.get(ref.session)?.timer);
    this.#watches.set(ref.session, { sent: snapshot, timer: undefined });
    return snapshot;
  }

  async #snapshot(ref: SessionRef): Promise<SessionSnapshot> {
    const active = this.#active.get(ref.session);
    if (active !== undefined) return this.#now(active);
    const layout = await this.layout(ref);
    const { view } = await inspectSession(nodeFileSystem, await this.#whoWeAre(), layout);
    const inDoubtMicroUsd =
      view.reservedMicroUsd > 0 ? await inDoubtMicroUsdOf(nodeFileSystem, layout) : 0;
    return { view, live: { ...idleStats, elapsedMs: view.activeMs, inDoubtMicroUsd } };
  }

  #running({ session }: SessionRef): SessionRun {
    const active = this.#active.get(session);
    if (active !== undefined) return active.run;
    throw new UsageError('NOT_RUNNING', `${session} is not being carried out by this window.`, {
      session,
    });
  }

  /** Where a session is. @throws UsageError when the workspace has none of that id. */
  async layout({ workspace, session }: SessionRef): Promise<SessionLayout> {
    const layout = new SessionLayout(await stateRootOf(workspace), session);
    if (
      dirname(layout.journal) === layout.folder &&
      (await nodeFileSystem.status(layout.journal)) !== undefined
    ) {
      return layout;
    }
    throw new UsageError('UNKNOWN_SESSION', `${session} is no session of ${workspace}.`, {
      session,
    });
  }

  /** What work needs that calls out. */
  async environment(http: HttpSettings): Promise<Environment> {
    return {
      ports: {
        fileSystem: nodeFileSystem,
        clock: systemClock,
        random: systemRandom,
        logger: this.#logger(),
        machine: await this.#whoWeAre(),
      },
      opener: { via: 'window', waitMs: lockWaitMs, program: `cf-collector/${version}` },
      secrets: { get: (name) => this.#host.secret(name) },
      openExtensionSource: this.#host.openExtensionSource,
      network: networkOf(http),
    };
  }

  #logger(): Logger {
    const write = (level: WorkerEvents['log']['level']) => (_fields: unknown, message: string) => {
      this.#host.emit('log', { session: null, level, message });
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    };
  }

  #whoWeAre(): Promise<Machine> {
    this.#machine ??= identifyMachine();
    return this.#machine;
  }
}

function isEnd(state: SessionState): boolean {
  return state === 'completed' || state === 'stopped';
}

/** The folder whose `.cf_state` serves a workspace folder, found as a collection file in it would find it. */
function stateRootOf(workspace: string): Promise<string> {
  return findStateRoot(nodeFileSystem, resolve(workspace, 'any.collect.json'), workspace);
}

async function failedUnits(
  layout: SessionLayout,
  offset: number,
  limit: number,
): Promise<FailedUnit[]> {
  if ((await nodeFileSystem.status(layout.index)) === undefined) return [];
  const index = SessionIndex.open(layout.index, { isReadOnly: true });
  try {
    return index.unitsInState('failed', offset, limit).map((unit) => ({
      unit: unit.n,
      key: unit.key,
      attempts: unit.attempts,
      code: unit.error?.code ?? 'UNKNOWN',
      message: unit.error?.message ?? '',
    }));
  } finally {
    index.close();
  }
}

async function problemsOf({
  workspace,
  file,
  text,
}: WorkerRequests['checkCollection']['params']): Promise<CollectionProblem[]> {
  const root =
    workspace === null ? undefined : await findStateRoot(nodeFileSystem, file, workspace);
  try {
    if (text === null) await loadCollection(file, root);
    else await readCollection(text, file, root);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => ({ line: 1, column: 1, length: 1, ...problem }));
  }
}

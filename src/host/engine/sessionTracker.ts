import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import {
  applyDelta,
  idleStats,
  type SessionSnapshot,
  type SnapshotDelta,
} from '../../core/live.ts';
import { isResumable } from '../../core/view.ts';
import type {
  HolderView,
  SessionListing,
  SessionRef,
  WorkerEvents,
} from '../../protocol/worker.ts';
import type { EngineClient } from './engineClient.ts';

/** A session as every part of the editor shows it. */
export interface TrackedSession {
  readonly ref: SessionRef;
  readonly snapshot: SessionSnapshot;
  /** Whether this window carries it out: running or paused. */
  readonly isOurs: boolean;
  /** Who carries it out, when it is not this window. */
  readonly holder: HolderView | null;
  readonly resumable: boolean;
  readonly damage: string | null;
  /** Its collection file is not where it was: it goes on with what its journal has. */
  readonly isCollectionMissing: boolean;
  /** What the file names of the view are relative to. */
  readonly root: string;
  readonly log: string;
}

/** What the tracker tells: pull the session from it again. */
export interface SessionTrackerEvents {
  /** The session (every session: null) changed in more than its figures. */
  changed: [session: string | null];
  /** Sessions were listed anew: `list` has them at hand. */
  listed: [];
  /** Figures of a session of this window changed. */
  delta: [session: string, delta: SnapshotDelta];
  /** The engine died while it carried these sessions out. */
  lost: [refs: readonly SessionRef[], error: Error];
}

interface LiveSession {
  readonly ref: SessionRef;
  snapshot: SessionSnapshot;
}

/** How long the engine may take to read what is on disk: with thousands of sessions that takes seconds. */
export const readTimeoutMs = 120_000;

/**
 * The truth about sessions inside the extension host: what is on disk as the worker lists it, and what this window's
 * engine says about the sessions that it carries out. Everything on screen comes from here.
 */
export class SessionTracker {
  readonly events = new EventEmitter<SessionTrackerEvents>();
  readonly #engine: Pick<EngineClient, 'request' | 'events'>;
  readonly #workspaces: () => readonly string[];
  /** What was listed, by workspace folder. */
  readonly #listings = new Map<string, Promise<readonly SessionListing[]>>();
  readonly #live = new Map<string, LiveSession>();
  /** How sessions of this window ended that faulted: what is on disk can't say it. */
  readonly #faulted = new Map<string, SessionSnapshot>();

  /**
   * @param workspaces the absolute paths of the workspace folders whose sessions may be read: none in an untrusted
   *   workspace.
   */
  constructor(
    engine: Pick<EngineClient, 'request' | 'events'>,
    workspaces: () => readonly string[],
  ) {
    this.#engine = engine;
    this.#workspaces = workspaces;
    // Every panel listens, and there may be many.
    this.events.setMaxListeners(0);
    engine.events.on('state', (event) => {
      this.#onState(event);
    });
    engine.events.on('delta', ({ session, delta }) => {
      this.#onDelta(session, delta);
    });
    engine.events.on('died', (error) => {
      this.#onDied(error);
    });
  }

  /** The sessions that this window carries out, running or paused, in the order they began. */
  live(): readonly { readonly ref: SessionRef; readonly snapshot: SessionSnapshot }[] {
    return [...this.#live.values()];
  }

  /** How many sessions of this window have faulted and were neither taken up again nor discarded. */
  get faultedCount(): number {
    return this.#faulted.size;
  }

  /** A session's state was discarded. */
  forget({ session }: SessionRef): void {
    this.#faulted.delete(session);
    this.refresh();
  }

  /** Every session of the open folders, newest first. Rejects with what kept the engine from listing them. */
  async list(): Promise<readonly TrackedSession[]> {
    const found = new Map<string, TrackedSession>();
    for (const workspace of this.#workspaces()) {
      for (const listing of await this.#listing(workspace)) {
        const { session } = listing.view;
        // Two folders of one workspace can share the `.cf_state` above them.
        if (!found.has(session)) found.set(session, this.#track({ workspace, session }, listing));
      }
    }
    return [...found.values()].sort((a, b) =>
      b.snapshot.view.createdAt.localeCompare(a.snapshot.view.createdAt),
    );
  }

  /** One session; undefined when it is gone. */
  async find(ref: SessionRef): Promise<TrackedSession | undefined> {
    if (!this.#workspaces().includes(ref.workspace)) return undefined;
    const listings = await this.#listing(ref.workspace);
    const listing = listings.find(({ view }) => view.session === ref.session);
    return listing && this.#track(ref, listing);
  }

  /** Forgets what was listed: the next one to look reads the disk again. */
  refresh(): void {
    this.#listings.clear();
    this.events.emit('changed', null);
  }

  /** Whether the last listing of any folder knew a session that another process carries out. */
  async hasForeignRuns(): Promise<boolean> {
    const listings = await Promise.allSettled(this.#listings.values());
    return listings.some(
      (result) =>
        result.status === 'fulfilled' &&
        result.value.some(({ holder }) => holder !== null && !isThisProcess(holder)),
    );
  }

  #listing(workspace: string): Promise<readonly SessionListing[]> {
    return (
      this.#listings.get(workspace) ??
      this.#keep(workspace, this.#engine.request('listSessions', { workspace }, readTimeoutMs))
    );
  }

  #keep(
    workspace: string,
    listing: Promise<readonly SessionListing[]>,
  ): Promise<readonly SessionListing[]> {
    this.#listings.set(workspace, listing);
    listing.then(
      () => {
        this.events.emit('listed');
      },
      () => {
        // A failure is not kept: the next one to look tries again.
        if (this.#listings.get(workspace) === listing) this.#listings.delete(workspace);
      },
    );
    return listing;
  }

  #track(ref: SessionRef, listing: SessionListing): TrackedSession {
    const live = this.#live.get(ref.session);
    const { damage, root, log, isCollectionMissing } = listing;
    const about = { ref, damage, root, log, isCollectionMissing };
    const holder = isThisProcess(listing.holder) ? null : listing.holder;
    if (live) {
      const { snapshot } = live;
      const resumable = isResumable(snapshot.view);
      return { ...about, snapshot, isOurs: true, holder: null, resumable };
    }
    const { view } = listing;
    const faulted = view.state === 'interrupted' ? this.#faulted.get(ref.session) : undefined;
    const snapshot = faulted ?? { view, live: { ...idleStats, elapsedMs: view.activeMs } };
    const resumable = listing.resumable && holder === null;
    return { ...about, snapshot, isOurs: false, holder, resumable };
  }

  #onState({ workspace, session, snapshot }: WorkerEvents['state']): void {
    const { state } = snapshot.view;
    const known = this.#live.get(session);
    if (state === 'faulted') this.#faulted.set(session, snapshot);
    else this.#faulted.delete(session);
    if (state === 'active' || state === 'paused') {
      if (known) {
        known.snapshot = snapshot;
      } else {
        const ref = { workspace, session };
        this.#live.set(session, { ref, snapshot });
        this.#listings.delete(workspace);
        void this.#watch(ref);
      }
    } else {
      this.#live.delete(session);
      this.#listings.delete(workspace);
    }
    this.events.emit('changed', session);
  }

  async #watch(ref: SessionRef): Promise<void> {
    try {
      const snapshot = await this.#engine.request('watch', ref, readTimeoutMs);
      const live = this.#live.get(ref.session);
      if (!live) return;
      live.snapshot = snapshot;
      this.events.emit('changed', ref.session);
    } catch {
      // The session ended, or its engine died, before it could be watched: both are told by events of their own.
    }
  }

  #onDelta(session: string, delta: SnapshotDelta): void {
    const live = this.#live.get(session);
    if (!live) return;
    live.snapshot = applyDelta(live.snapshot, delta);
    this.events.emit('delta', session, delta);
  }

  /**
   * The runs died with the engine. Listing them again would start another engine, which may die of the same cause: so
   * what was listed stays, with the lost sessions as they now are.
   */
  #onDied(error: Error): void {
    const lost = new Map(this.#live);
    this.#live.clear();
    for (const [workspace, listing] of this.#listings) {
      void this.#keep(
        workspace,
        listing.then((listings) =>
          listings.map((known): SessionListing => {
            const run = lost.get(known.view.session);
            if (!run) return known;
            const view = { ...run.snapshot.view, state: 'interrupted' as const, reason: null };
            return { ...known, view, holder: null, resumable: true };
          }),
        ),
      );
    }
    const refs = [...lost.values()].map(({ ref }) => ref);
    this.events.emit('changed', null);
    if (refs.length > 0) this.events.emit('lost', refs, error);
  }
}

/** The worker is a thread of the extension host, so a session that this window holds is held by our own process. */
function isThisProcess(holder: HolderView | null): boolean {
  return holder?.pid === process.pid && holder.host === hostname();
}

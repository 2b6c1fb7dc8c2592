import { EventEmitter } from 'node:events';
import path from 'node:path';
import type { FileView } from '../../core/view.ts';
import type { SessionTracker, TrackedSession } from '../engine/sessionTracker.ts';

/** A data file of a session that is known. */
export interface KnownDataFile {
  readonly session: TrackedSession;
  readonly file: FileView;
}

/** The data files of the sessions of the open folders, by their absolute paths: as the tracker knows them, no disk is read. */
export class DataFiles {
  /** These files are others' now, or nobody's, or their sessions are in another state. */
  readonly events = new EventEmitter<{ changed: [paths: readonly string[]] }>();
  readonly #tracker: Pick<SessionTracker, 'events' | 'list'>;
  #known: ReadonlyMap<string, KnownDataFile> = new Map();
  #isReading = false;
  #isStale = false;

  /** @param isEngineRunning where it is not, it is not started for this: what is known stays. */
  constructor(tracker: Pick<SessionTracker, 'events' | 'list'>, isEngineRunning: () => boolean) {
    this.#tracker = tracker;
    tracker.events.on('listed', () => {
      void this.#refresh();
    });
    tracker.events.on('changed', () => {
      if (isEngineRunning()) void this.#refresh();
    });
  }

  /** The session that a file belongs to. */
  get(file: string): KnownDataFile | undefined {
    return this.#known.get(file);
  }

  /** All that are known. */
  paths(): readonly string[] {
    return [...this.#known.keys()];
  }

  async #refresh(): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isStale) {
      this.#isStale = false;
      try {
        this.#take(await this.#tracker.list());
      } catch {
        // The tree says why sessions can't be listed.
      }
    }
    this.#isReading = false;
  }

  #take(sessions: readonly TrackedSession[]): void {
    const before = this.#known;
    const now = new Map<string, KnownDataFile>();
    for (const session of sessions) {
      for (const file of session.snapshot.view.files)
        now.set(path.join(session.root, file.file), { session, file });
    }
    this.#known = now;
    const changed = [...new Set([...before.keys(), ...now.keys()])];
    if (changed.length > 0) this.events.emit('changed', changed);
  }
}

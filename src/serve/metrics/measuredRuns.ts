import type { SessionSnapshot } from '../../core/live.ts';
import type { TimingListener } from '../../engine/runMeter.ts';
import type { SessionRun } from '../../engine/sessionRun.ts';

/** What tells sessions apart. */
export interface SessionLabels {
  readonly session: string;
  /** The collection's name. */
  readonly collection: string;
}

/** A session as it is, or as it was when its run ended. */
export interface MeasuredSession extends SessionLabels {
  readonly snapshot: SessionSnapshot;
  /** `limits.maxUsd`; undefined where there is none. */
  readonly maxUsd: number | undefined;
}

/** The sessions that this process carries out, and those that it has carried out: what metrics are made of. */
export class MeasuredRuns {
  readonly #running = new Map<string, SessionRun>();
  readonly #ended = new Map<string, MeasuredSession>();
  #listenTo: ((labels: SessionLabels) => TimingListener) | undefined;

  /** From here on the run is measured; of what was before, its figures are. */
  track(run: SessionRun): void {
    const { session } = run.store.layout;
    this.#running.set(session, run);
    this.#listen(run);
    void run.finished.then(({ state }) => {
      if (this.#running.get(session) === run) this.#running.delete(session);
      const { snapshot, ...rest } = measured(run);
      // Of a run that ended on a full disk, the journal can't say that it ended.
      const ended = { ...snapshot, view: { ...snapshot.view, state } };
      this.#ended.set(session, { ...rest, snapshot: ended });
    });
  }

  /** All of them, as they are now. */
  all(): MeasuredSession[] {
    const ended = [...this.#ended.values()].filter(({ session }) => !this.#running.has(session));
    return [...ended, ...[...this.#running.values()].map(measured)];
  }

  /** Has every answer and commit told, of runs that are under way and of those to come. */
  listen(listenTo: (labels: SessionLabels) => TimingListener): void {
    this.#listenTo = listenTo;
    for (const run of this.#running.values()) this.#listen(run);
  }

  #listen(run: SessionRun): void {
    if (this.#listenTo !== undefined) run.meter.listener = this.#listenTo(labelsOf(run));
  }
}

function measured(run: SessionRun): MeasuredSession {
  const { maxUsd } = run.store.collection.limits;
  return { ...labelsOf(run), snapshot: run.snapshot(), maxUsd };
}

function labelsOf({ store }: SessionRun): SessionLabels {
  return { session: store.layout.session, collection: store.view.name };
}

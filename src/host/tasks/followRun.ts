import { exitCodeOf, type ExitCode } from '../../core/exitCodes.ts';
import type { Formats } from '../../core/format.ts';
import type { SessionSnapshot } from '../../core/live.ts';
import type { SessionRef, WorkerEvents } from '../../protocol/worker.ts';
import { endLines, failureLine, pausedLine } from '../text/taskText.ts';
import { runPhrase } from '../text/phrases.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import type { SessionTracker } from '../engine/sessionTracker.ts';
import type { TaskOutput } from './taskTerminal.ts';

/** How often the line at the end is told anew. */
const statusEveryMs = 1000;

/** What following a run needs of the services. */
export interface FollowServices {
  readonly engine: Pick<EngineClient, 'events'>;
  readonly tracker: Pick<SessionTracker, 'live' | 'events'>;
  readonly formats: Formats;
}

/** How a followed run ended. */
export interface FollowedEnd {
  readonly exitCode: ExitCode;
  readonly snapshot: SessionSnapshot;
}

/**
 * Tells a run of this window as it goes. Made before the run is begun, so that one that ends at once is not missed.
 */
export class RunFollower implements Disposable {
  readonly #services: FollowServices;
  readonly #output: TaskOutput;
  readonly #latest = new Map<string, SessionSnapshot>();
  readonly #told = new Set<string>();
  #ref: SessionRef | undefined;
  #isPauseTold = false;
  #isOver = false;
  readonly #ended = Promise.withResolvers<FollowedEnd>();

  constructor(services: FollowServices, output: TaskOutput) {
    this.#services = services;
    this.#output = output;
    services.engine.events.on('state', this.#onState);
    services.tracker.events.on('lost', this.#onLost);
  }

  /** Follows a session until its run ends or a guard has paused it. */
  async follow(ref: SessionRef): Promise<FollowedEnd> {
    this.#ref = ref;
    const ticker = setInterval(() => {
      const now = this.#now();
      if (now) this.#tell(now);
    }, statusEveryMs);
    const known = this.#latest.get(ref.session) ?? this.#now();
    if (known) this.#onSnapshot(known);
    try {
      return await this.#ended.promise;
    } finally {
      clearInterval(ticker);
    }
  }

  [Symbol.dispose](): void {
    this.#services.engine.events.off('state', this.#onState);
    this.#services.tracker.events.off('lost', this.#onLost);
  }

  readonly #onState = ({ session, snapshot }: WorkerEvents['state']): void => {
    this.#latest.set(session, snapshot);
    if (session === this.#ref?.session) this.#onSnapshot(snapshot);
  };

  /** The engine died under the run: nothing will be told of it any more. */
  readonly #onLost = (refs: readonly SessionRef[]): void => {
    const session = this.#ref?.session;
    const last = session === undefined ? undefined : this.#latest.get(session);
    if (!last || !refs.some((ref) => ref.session === session)) return;
    this.#end({ ...last, view: { ...last.view, state: 'interrupted', reason: null } });
  };

  #now(): SessionSnapshot | undefined {
    const live = this.#services.tracker.live();
    return live.find(({ ref }) => ref.session === this.#ref?.session)?.snapshot;
  }

  #onSnapshot(snapshot: SessionSnapshot): void {
    this.#latest.set(snapshot.view.session, snapshot);
    const { state, reason } = snapshot.view;
    switch (state) {
      case 'active':
        this.#isPauseTold = false;
        return;
      case 'paused':
        if (reason !== 'user') this.#end(snapshot);
        else if (!this.#isPauseTold) this.#output.line(pausedLine(snapshot.view));
        this.#isPauseTold = true;
        return;
      case 'stopped':
      case 'interrupted':
      case 'faulted':
      case 'completed':
        this.#end(snapshot);
        return;
    }
  }

  #tell(snapshot: SessionSnapshot): void {
    const { view } = snapshot;
    this.#latest.set(view.session, snapshot);
    this.#tellFailures(snapshot);
    if (view.state === 'active') this.#output.status(runPhrase(snapshot, this.#services.formats));
  }

  #tellFailures({ view }: SessionSnapshot): void {
    for (const error of [...view.errors].reverse()) {
      const id = `${error.unit} ${error.at}`;
      if (error.retried || this.#told.has(id)) continue;
      this.#told.add(id);
      this.#output.line(failureLine(error));
    }
  }

  #end(snapshot: SessionSnapshot): void {
    // A fault is told when it happens, and again when everything is closed.
    if (this.#isOver) return;
    this.#isOver = true;
    const { view } = snapshot;
    this.#tellFailures(snapshot);
    for (const line of endLines(snapshot, this.#services.formats)) this.#output.line(line);
    const exitCode = exitCodeOf({
      state: view.state,
      isPausedByGuard: view.state === 'paused',
      failed: view.units.failed,
    });
    this.#ended.resolve({ exitCode, snapshot });
  }
}

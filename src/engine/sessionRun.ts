import { codeOf, FaultError, messageOf, PauseError, UsageError } from '../core/errors.ts';
import type { CheckpointType, PauseReason, StopReason } from '../core/events.ts';
import type { SessionSnapshot } from '../core/live.ts';
import type { Clock, Logger, Random } from '../core/ports.ts';
import type { JournalEntry, SessionView } from '../core/view.ts';
import type { Source } from '../sources/source.ts';
import type { SessionStore } from '../storage/sessionStore.ts';
import { CheckpointSchedule } from './checkpointSchedule.ts';
import { Frontier } from './frontier.ts';
import type { Ledger } from './paid/ledger.ts';
import type { Preparer } from './prepare.ts';
import { retriedUnits } from './recovery/retry.ts';
import { refuseReached } from './reachedLimits.ts';
import type { RequestBlocks } from './requestMeter.ts';
import { RunMeter } from './runMeter.ts';
import { keepsRaw } from './sessionSource.ts';
import { RunStats } from './stats.ts';
import { untilTimeIsUp } from './timeLimit.ts';
import { UnitWork } from './unitWork.ts';

/** What a run is made of. */
export interface SessionRunParts {
  readonly store: SessionStore;
  readonly source: Source<unknown>;
  readonly preparer: Preparer<unknown>;
  /** What the session pays for; left out where calls cost nothing. */
  readonly ledger?: Ledger | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called with the journal's new lines. */
  readonly onEntries: (entries: readonly JournalEntry[]) => void;
  /** The meter that the source counts requests by. */
  readonly requests?: RequestBlocks;
  /** The meter that the source is told to go by; left out where the source measures nothing. */
  readonly meter?: RunMeter;
  /** What must be durable before the session is called completed; may be called again after it was aborted. */
  readonly beforeCompleted?: (signal: AbortSignal) => Promise<void>;
}

/** How a run ended. */
export interface RunEnd {
  readonly state: 'completed' | 'stopped' | 'faulted';
  /** Why it was paused before it was stopped, where it was. */
  readonly pausedBy?: PauseReason;
  /** That in words. */
  readonly pauseMessage?: string;
  readonly error?: FaultError;
}

/** A reason for aborting work that is in flight. */
class Interruption extends Error {
  constructor(why: string) {
    super(`Interrupted: ${why}`);
    this.name = 'Interruption';
  }
}

const sampleMs = 1000;

/**
 * One session being carried out by this process, from start or resume until it is completed, stopped or faulted. Pausing
 * keeps it alive with its lock.
 */
export class SessionRun {
  /** Measures what comes in and what is committed. */
  readonly meter: RunMeter;
  readonly #parts: SessionRunParts;
  readonly #frontier: Frontier;
  readonly #stats: RunStats;
  readonly #checkpoints: CheckpointSchedule;
  readonly #units: UnitWork;
  readonly #finished: Promise<RunEnd>;
  #resolveFinished: (end: RunEnd) => void = () => undefined;
  #pause: { reason: PauseReason; message: string; code?: string | undefined } | undefined;
  /** Work in flight has come to rest: only then is "paused" shown, and the counts are final. */
  #isAtRest = false;
  #abort = new AbortController();
  #workers: Promise<unknown> = Promise.resolve();
  #isEnding = false;
  #fault: FaultError | undefined;
  #sampler: ReturnType<typeof setInterval> | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(parts: SessionRunParts) {
    const { store, source, clock } = parts;
    const { collection } = store;
    this.#parts = parts;
    const perLane = parts.source.traits.inOrder ? 1 : collection.limits.perHost.concurrency;
    this.#frontier = new Frontier(clock, store, perLane);
    this.meter = parts.meter ?? new RunMeter();
    this.#stats = new RunStats(clock, store.view, this.meter);
    this.#checkpoints = new CheckpointSchedule({
      clock,
      collection,
      write: (type) => this.#writeCheckpoint(type),
    });
    this.#units = new UnitWork({
      pipeline: {
        source,
        store,
        preparer: parts.preparer,
        keepsRaw: keepsRaw(collection, source),
        ledger: parts.ledger,
        maxAttempts: collection.retry.attempts,
        onNewUnits: (units) => {
          this.#frontier.add(units);
        },
      },
      frontier: this.#frontier,
      stats: this.#stats,
      random: parts.random,
      onUnitFinished: () => {
        this.#checkpoints.unitFinished();
      },
      onTarget: () => {
        this.#interrupt('target reached');
      },
      onPause: (error) => {
        this.#pauseFor(error);
      },
    });
    this.#finished = new Promise((resolve) => {
      this.#resolveFinished = resolve;
    });
    store.listen({
      onCommitted: (_view, entries) => {
        parts.onEntries(entries);
        parts.ledger?.meet(entries);
        this.#checkpoints.meet(entries);
        this.#changed();
      },
      onDurable: (report) => {
        this.#stats.committed(report);
      },
      onDiskFull: (message) => {
        this.#pauseForDisk(message);
      },
      onFault: (fault) => {
        this.#faulted(fault);
      },
      onGroupsEnded: () => {
        this.#checkpoints.groupsEnded();
      },
    });
  }

  get store(): SessionStore {
    return this.#parts.store;
  }

  /** Why a guard has paused the run; undefined while it goes on, or when a person paused it. */
  get pausedByGuard(): PauseReason | undefined {
    if (!this.#isAtRest || this.#pause?.reason === 'user') return undefined;
    return this.#pause?.reason;
  }

  /** Resolves when the run is over and the session's files are closed. Never rejects. */
  get finished(): Promise<RunEnd> {
    return this.#finished;
  }

  /** Calls a listener when something changed; the result ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything that a screen shows of the session now. */
  snapshot(): SessionSnapshot {
    const { store, source } = this.#parts;
    const live = this.#stats.live({
      view: store.view,
      notYetSafe: store.notYetSafe,
      hosts: source.health(),
      // While pages bring new pages to light nobody knows how much is left.
      isCountable: this.#units.isPlanned && !source.traits.discovers,
      inDoubtMicroUsd: this.#parts.ledger?.inDoubtMicroUsd ?? 0,
    });
    return { view: this.view, live };
  }

  /** What is counted of the session, in the state that it is shown in. */
  get view(): SessionView {
    const { view } = this.#parts.store;
    if (this.#fault) {
      const { code, message } = this.#fault;
      return { ...view, state: 'faulted', reasonMessage: message, reasonCode: code };
    }
    if (this.#pause && this.#isAtRest && !this.#isEnding) {
      const { reason, message, code = null } = this.#pause;
      return { ...view, state: 'paused', reason, reasonMessage: message, reasonCode: code };
    }
    // It is journalled before it is at rest: whoever resumes at once would be passed over.
    if (this.#pause && view.state === 'paused' && !this.#isEnding) {
      const none = { reason: null, reasonMessage: null, reasonCode: null };
      return { ...view, state: 'active', ...none };
    }
    return view;
  }

  /** Begins to work. */
  async start(): Promise<void> {
    const { store } = this.#parts;
    try {
      this.#frontier.addSpilled(await store.pendingByLane());
    } catch (error) {
      this.#faulted(asFault(error));
      return;
    }
    this.#sampler = setInterval(() => {
      this.#stats.sample(store.view);
      this.#changed();
      void this.#checkFiles();
    }, sampleMs);
    this.#checkpoints.start();
    this.#work();
  }

  /** Stops claiming; resolves when everything that was received is durable. The lock is kept. */
  async pause(reason: PauseReason, message: string, code?: string): Promise<void> {
    if (this.#pause || this.#isEnding) return;
    this.#pause = { reason, message, code };
    const held = this.#checkpoints.hold();
    this.#interrupt('pause');
    await this.#workers;
    // The disk may have filled meanwhile: that pause has taken the place of this one.
    if (this.#pause.reason !== reason) return;
    await held;
    if (this.#pause.reason !== reason) return;
    const unsent = this.#parts.requests?.giveBack() ?? [];
    const why = { reason, message, ...(code !== undefined && { code }) };
    await this.#parts.store.record(...unsent, { type: 'paused', ...why });
    await this.#writeCheckpoint('session_paused');
    this.#isAtRest = true;
    this.#changed();
  }

  /** Goes on after a pause. @throws UsageError `LIMIT_REACHED` where a limit leaves no room for it. */
  async unpause(): Promise<void> {
    if (!this.#pause || !this.#isAtRest || this.#isEnding) return;
    const pause = this.#pause;
    const { reason } = pause;
    const { store } = this.#parts;
    const activeMs = store.view.activeMs + this.#stats.activeMs;
    refuseReached(store.view, activeMs, store.collection.limits);
    if (reason === 'disk-full') store.retry();
    await this.#workers;
    // Somebody else has been quicker, or the run ends.
    if (!this.#isPausedBy(pause)) return;
    this.#pause = undefined;
    this.#isAtRest = false;
    if (reason !== 'disk-full') await store.record({ type: 'resumed' });
    this.#checkpoints.go();
    this.#work();
    this.#changed();
  }

  /**
   * Brings failed units back, to be tried again; resolves to how many when that is durable.
   *
   * @param wanted their numbers; null for all. Units that did not fail are passed over.
   * @throws UsageError `NOT_RUNNING` when the run is at its end.
   */
  async retryFailed(wanted: readonly number[] | null): Promise<number> {
    const { store } = this.#parts;
    if (this.#isEnding) {
      throw new UsageError('NOT_RUNNING', `${store.layout.session} is at its end.`, {
        session: store.layout.session,
      });
    }
    let count = 0;
    await this.#frontier.bringBack(async () => {
      const units = await retriedUnits(store, wanted);
      if (units.length === 0) return [];
      for (const { n, keys } of units) store.expectAgain(n, keys);
      await store.record(...units.flatMap(({ events }) => events));
      await this.#parts.ledger?.load(units.map(({ n }) => n));
      count = units.length;
      return units;
    });
    return count;
  }

  /** Ends the run early, in order: work in flight goes back to its cursors, a checkpoint is written, the lock let go. */
  stop(reason: StopReason): Promise<RunEnd> {
    void this.#end('stopped', reason);
    return this.#finished;
  }

  #isPausedBy(pause: { readonly reason: PauseReason }): boolean {
    return this.#pause === pause && !this.#isEnding;
  }

  #work(): void {
    const { store } = this.#parts;
    this.#abort = new AbortController();
    this.#stats.start();
    const { signal } = this.#abort;
    const tasks = this.#units.begin(signal).map((task) =>
      task.catch((error: unknown) => {
        this.#faulted(asFault(error));
      }),
    );
    // One that fails interrupts the others; the work is over when all of them are at rest.
    const { beforeCompleted } = this.#parts;
    void this.#watchTime(signal);
    this.#workers = Promise.all(tasks).then(async () => {
      if (!signal.aborted && beforeCompleted !== undefined) await this.#conclude(beforeCompleted);
      this.#stats.stop();
      if (!signal.aborted || store.isTargetReached) void this.#end('completed');
    });
  }

  /** Does what comes before the end. Where that fails, the run is interrupted and not at its end. */
  async #conclude(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#abort;
    try {
      await work(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof PauseError)) {
        this.#faulted(asFault(error));
        return;
      }
      this.#pauseFor(error);
    }
  }

  /** Pauses without waiting for it: whoever calls this is a part of what has to come to rest. */
  #pauseFor({ reason, message, code }: PauseError): void {
    this.pause(reason, message, code).catch((error: unknown) => {
      this.#faulted(asFault(error));
    });
  }

  async #watchTime(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#parts;
    const { maxMinutes } = store.collection.limits;
    if (maxMinutes === undefined) return;
    const activeMs = (): number => store.view.activeMs + this.#stats.activeMs;
    const isUp = await untilTimeIsUp(clock, maxMinutes, activeMs, signal);
    if (isUp !== undefined) this.#pauseFor(isUp);
  }

  /** A data file that somebody deletes or edits is told of at once, also while nothing is to be written to it. */
  async #checkFiles(): Promise<void> {
    if (this.#isEnding) return;
    try {
      await this.#parts.store.checkFiles();
    } catch (error) {
      this.#faulted(asFault(error));
    }
  }

  #interrupt(why: string): void {
    this.#abort.abort(new Interruption(why));
    this.#frontier.wake();
  }

  /** The disk is full: what waits stays where it is, and nothing is written to say so. */
  #pauseForDisk(message: string): void {
    if (this.#isAtRest && !this.#isEnding) return;
    this.#pause = {
      reason: 'disk-full',
      message: `The disk is full (${message}).`,
    };
    // The journal can't say it; the log may, once there is space.
    this.#parts.logger.error({ code: 'DISK_FULL' }, this.#pause.message);
    this.#isAtRest = true;
    void this.#checkpoints.hold();
    // Nobody is going to free space for a run that ends: what waits was never acknowledged.
    if (this.#isEnding) this.#parts.store.abandon();
    this.#interrupt('disk full');
    this.#changed();
  }

  #faulted(fault: FaultError): void {
    if (this.#fault || this.#isEnding) return;
    this.#fault = fault;
    this.#parts.logger.error({ code: fault.code, ...fault.data }, fault.message);
    void this.#end('faulted');
  }

  async #end(how: 'completed' | 'stopped' | 'faulted', reason: StopReason = 'user'): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { store, logger } = this.#parts;
    this.#interrupt(how);
    clearInterval(this.#sampler);
    // Asked again after each step: the disk may fill while the run ends.
    const isWritable = (): boolean => how !== 'faulted' && this.#pause?.reason !== 'disk-full';
    if (!isWritable()) store.abandon(this.#fault);
    let fault = this.#fault;
    try {
      await this.#workers;
      await this.#checkpoints.stop();
      this.#frontier.close();
      await this.#closeSource();
      if (isWritable()) await this.#writeEnd(how, reason);
    } catch (error) {
      if (isWritable()) {
        fault ??= asFault(error);
        logger.error({ code: fault.code }, `Ending the session failed: ${fault.message}`);
      }
    }
    try {
      await store.close(isWritable() && fault === undefined);
    } catch (error) {
      fault ??= asFault(error);
    }
    this.#fault = fault;
    this.#changed();
    const pause = this.#pause;
    const ended = how === 'completed' && !isWritable() ? 'stopped' : how;
    this.#resolveFinished({
      state: fault === undefined ? ended : 'faulted',
      ...(pause === undefined ? {} : { pausedBy: pause.reason, pauseMessage: pause.message }),
      ...(fault === undefined ? {} : { error: fault }),
    });
  }

  /** A source that can't be put away is the log's business: what was collected is durable. */
  async #closeSource(): Promise<void> {
    const { source, logger } = this.#parts;
    try {
      await source.close();
    } catch (error) {
      logger.warn({ code: codeOf(error) }, `The source could not be closed: ${messageOf(error)}`);
    }
  }

  async #writeEnd(how: 'completed' | 'stopped' | 'faulted', reason: StopReason): Promise<void> {
    const { store } = this.#parts;
    const { activeMs } = this.#stats;
    const isCompleted = how === 'completed';
    if (isCompleted) {
      await store.levelIndex();
      for (const type of this.#checkpoints.takeLast()) await this.#writeCheckpoint(type);
    }
    await store.record(
      ...(this.#parts.requests?.giveBack() ?? []),
      isCompleted
        ? { type: 'completed', by: store.isTargetReached ? 'target' : 'exhausted', activeMs }
        : { type: 'stopped', reason, activeMs },
    );
    this.#stats.reset();
    await this.#writeCheckpoint(isCompleted ? 'session_completed' : 'session_paused');
  }

  /** A checkpoint that can't be written costs a place to resume from, and no record: the run goes on. */
  async #writeCheckpoint(type: CheckpointType): Promise<void> {
    const { store, source, logger } = this.#parts;
    try {
      await store.checkpoint(type, source.health());
    } catch (error) {
      logger.warn(
        { code: codeOf(error) },
        `The checkpoint could not be written: ${messageOf(error)}`,
      );
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function asFault(error: unknown): FaultError {
  if (error instanceof FaultError) return error;
  if (codeOf(error) === 'INTERNAL') {
    return new FaultError('ENGINE_FAILED', `The engine failed: ${messageOf(error)}.`, {}, error);
  }
  return new FaultError(
    'STORAGE_FAILED',
    `The disk gave an error: ${messageOf(error)}. What was counted is safe; resume the session to check what is there.`,
    {},
    error,
  );
}

import type {
  HostHealth,
  OpenedEvent,
  PausedEvent,
  SessionEvent,
  StoppedEvent,
  CompletedEvent,
} from '../../core/events.ts';
import type { JournalEvent } from '../../core/events.ts';
import type { JournalEntry } from '../../core/view.ts';
import { PaidCalls } from './money.ts';

/** An event with its place in the journal. */
export interface Placed<E> {
  readonly event: E;
  /** Counts from 1. */
  readonly line: number;
  /** ISO time. */
  readonly at: string;
}

/** How a piece of work on a unit came out. */
export interface Outcome {
  readonly line: number;
  readonly at: string;
  /** undefined when it went well. */
  readonly error:
    { readonly key: string; readonly code: string; readonly message: string } | undefined;
}

/** A checkpoint that the journal names. */
export interface NamedCheckpoint {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
}

/** How many outcomes are kept: the last ones say how it went when the session ended. */
const keptOutcomes = 20;

/** What a journal says about how a session went and ended: a fold of its lines, beside the view and the index. */
export class JournalFacts {
  readonly money = new PaidCalls();
  header: SessionEvent | undefined;
  opened: Placed<OpenedEvent> | undefined;
  /** The end of the last start, or its last pause; undefined when it was neither ended nor paused. */
  end: Placed<StoppedEvent | CompletedEvent> | undefined;
  paused: Placed<PausedEvent> | undefined;
  last: { readonly line: number; readonly at: string } | undefined;
  /** Good lines. */
  lines = 0;
  /** Starts before the last one that ended without saying so. */
  earlierDeaths = 0;
  /** Pages that were read to their end and committed. */
  pages = 0;
  /** An earlier resume has dealt with damaged lines. */
  areGapsKnown = false;
  health: readonly HostHealth[] = [];
  readonly checkpoints: NamedCheckpoint[] = [];
  #outcomes: Outcome[] = [];

  /** Takes in one line, in the journal's order. */
  add({ seq, at, events }: JournalEntry): void {
    const line = seq + 1;
    this.last = { line, at };
    this.lines += 1;
    for (const event of events) {
      this.money.add(event, at);
      this.#addEvent(event, line, at);
    }
  }

  /** The last outcomes of the last start, oldest first. */
  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  #addEvent(event: JournalEvent, line: number, at: string): void {
    switch (event.type) {
      case 'session':
        this.header = event;
        return;
      case 'opened':
        if (this.opened !== undefined && this.end === undefined) this.earlierDeaths += 1;
        this.opened = { event, line, at };
        this.end = undefined;
        this.paused = undefined;
        this.#outcomes = [];
        return;
      case 'paused':
        this.paused = { event, line, at };
        return;
      case 'resumed':
        this.paused = undefined;
        return;
      case 'stopped':
      case 'completed':
        this.end = { event, line, at };
        return;
      case 'advanced':
        this.pages += 1;
        this.#addOutcome({ line, at, error: undefined });
        return;
      case 'finished':
        if (event.state === 'done') this.pages += 1;
        this.#addOutcome({ line, at, error: event.state === 'failed' ? event.error : undefined });
        return;
      case 'requeued':
        if (event.error !== undefined) this.#addOutcome({ line, at, error: event.error });
        return;
      case 'recovered':
        if (event.journalGaps > 0) this.areGapsKnown = true;
        return;
      case 'checkpoint':
        this.checkpoints.push({ id: event.id, seq: line - 1, at });
        if (event.health.length > 0) this.health = event.health;
        return;
      default:
        // What else there is, the view and the index fold.
        return;
    }
  }

  #addOutcome(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    if (this.#outcomes.length > keptOutcomes) this.#outcomes.shift();
  }
}

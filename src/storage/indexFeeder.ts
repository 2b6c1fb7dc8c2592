import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/ports.ts';
import type { SessionView } from '../core/view.ts';
import type { PlacedEntry } from './journal.ts';
import type { SessionIndex } from './sessionIndex.ts';

const applyAfterMs = 250;
const applyAfterEvents = 4000;

/**
 * Keeps the index a little behind the journal: lines are taken in together, a few times a second or when somebody asks.
 * A failure makes the index stale and never fails a commit; it is rebuilt from the journal when it is next needed.
 */
export class IndexFeeder {
  readonly #logger: Logger;
  readonly #rebuild: () => Promise<SessionIndex>;
  #index: SessionIndex;
  #entries: PlacedEntry[] = [];
  #eventCount = 0;
  #view: SessionView;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStale = false;
  #rebuilding: Promise<void> | undefined;
  /** Called with groups that have nothing left to do. */
  onGroupsEnded: (groups: readonly string[]) => void = () => undefined;

  /** @param rebuild makes a new index from the journal, as far as that is durable. */
  constructor(
    index: SessionIndex,
    view: SessionView,
    logger: Logger,
    rebuild: () => Promise<SessionIndex>,
  ) {
    this.#index = index;
    this.#view = view;
    this.#logger = logger;
    this.#rebuild = rebuild;
  }

  /** Takes lines in, soon. */
  add(entries: readonly PlacedEntry[], view: SessionView): void {
    this.#view = view;
    if (this.#isStale && this.#rebuilding === undefined) return;
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#eventCount += eventsIn(entry);
    }
    if (this.#isStale) return;
    if (this.#eventCount >= applyAfterEvents) this.#apply();
    else this.#timer ??= setTimeout(() => this.#apply(), applyAfterMs);
  }

  /**
   * The index, caught up with the journal.
   *
   * @throws what SQLite throws when even a rebuilt one can't be written.
   */
  async current(): Promise<SessionIndex> {
    this.#apply();
    if (this.#isStale) {
      this.#rebuilding ??= this.#replaceIndex();
      await this.#rebuilding;
    }
    return this.#index;
  }

  async #replaceIndex(): Promise<void> {
    try {
      this.#index.close();
      this.#index = await this.#rebuild();
      this.#isStale = false;
      // Lines that came in meanwhile may be in the rebuilt index already.
      const { seq } = this.#index.position;
      this.#entries = this.#entries.filter((entry) => entry.seq > seq);
      this.#apply();
    } finally {
      this.#rebuilding = undefined;
    }
  }

  /**
   * @param isClean whether the session ended in order, so that the next open need not check the file.
   * @returns whether the index is level with the journal and marked as closed in order.
   */
  close(isClean: boolean): boolean {
    this.#apply(isClean);
    clearTimeout(this.#timer);
    this.#index.close();
    return isClean && !this.#isStale;
  }

  #apply(isClean = false): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isStale || (this.#entries.length === 0 && !isClean)) return;
    const entries = this.#entries;
    this.#entries = [];
    this.#eventCount = 0;
    try {
      const ended = this.#index.apply(entries, this.#view, isClean);
      if (ended.length > 0) this.onGroupsEnded(ended);
    } catch (error) {
      this.#isStale = true;
      this.#logger.warn(
        { error: messageOf(error) },
        'The index could not be written; it will be rebuilt',
      );
    }
  }
}

/** How much work a line is for the index. */
export function eventsIn({ events }: PlacedEntry): number {
  return events.reduce((sum, event) => sum + (event.type === 'units' ? event.items.length : 1), 0);
}

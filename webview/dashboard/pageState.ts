import type { ChartSpan, DashboardState } from '../../src/protocol/dashboard.ts';
import type { SessionRef } from '../../src/protocol/worker.ts';
import type { Fold } from '../shared/dom.ts';

/**
 * What a person has arranged on the page; it outlives the page, which VS Code throws away whenever it is hidden.
 * Nothing of what is shown is in it.
 */
export class PageState implements Fold {
  readonly #ref: SessionRef;
  readonly #keep: (state: DashboardState) => void;
  readonly #folded: Set<string>;
  #charts: ChartSpan;

  /** @param kept what was kept the last time: of any shape, where another version of the page kept it. */
  constructor(ref: SessionRef, kept: unknown, keep: (state: DashboardState) => void) {
    const { folded, charts } = (typeof kept === 'object' && kept !== null ? kept : {}) as Partial<
      Record<keyof DashboardState, unknown>
    >;
    this.#ref = ref;
    this.#keep = keep;
    this.#folded = new Set(
      Array.isArray(folded) ? folded.filter((id) => typeof id === 'string') : [],
    );
    this.#charts = charts === 'whole' ? 'whole' : 'now';
    this.#save();
  }

  get charts(): ChartSpan {
    return this.#charts;
  }

  setCharts(span: ChartSpan): void {
    this.#charts = span;
    this.#save();
  }

  isFolded(id: string): boolean {
    return this.#folded.has(id);
  }

  setFolded(id: string, isFolded: boolean): void {
    if (isFolded === this.#folded.has(id)) return;
    if (isFolded) this.#folded.add(id);
    else this.#folded.delete(id);
    this.#save();
  }

  #save(): void {
    this.#keep({
      version: 2,
      ref: this.#ref,
      folded: [...this.#folded],
      charts: this.#charts,
    });
  }
}

/** How long nothing more has to come for what came before to be told. */
const quietMs = 1500;
/** What came first is not held back longer. */
const longestMs = 6000;

/** Gathers what happens at about the same time, so that it is told together. */
export class Gathering<T> {
  readonly #onFirst: () => void;
  #items: T[] = [];

  /** @param onFirst something has come after nothing: {@link take} will have it. */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length === 1) this.#onFirst();
  }

  /** Waits until nothing more comes for a while; gives all that has, and begins anew. */
  async take(): Promise<readonly T[]> {
    for (let waitedMs = 0, known = 0; waitedMs < longestMs; waitedMs += quietMs) {
      if (known === this.#items.length) break;
      known = this.#items.length;
      await new Promise((resolve) => setTimeout(resolve, quietMs));
    }
    const items = this.#items;
    this.#items = [];
    return items;
  }
}

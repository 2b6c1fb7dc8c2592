/** At most five messages a second. */
const everyMs = 200;

/**
 * Gathers what has changed and hands it over together, five times a second at most: nothing is waited for longer than
 * that, and while nothing changes there is no timer.
 */
export class ChangedRows<Key> {
  readonly #send: (keys: readonly Key[]) => void;
  #changed = new Set<Key>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (keys: readonly Key[]) => void) {
    this.#send = send;
  }

  /** Notes that something has changed. */
  add(key: Key): void {
    this.#changed.add(key);
    this.#timer ??= setTimeout(() => {
      const keys = [...this.#changed];
      this.clear();
      this.#send(keys);
    }, everyMs);
  }

  /** Forgets what has changed: it has been told in another way, or nobody looks. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed = new Set();
  }
}

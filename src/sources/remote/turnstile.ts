/**
 * Lets work in side by side, and some of it alone. First come, first served: what wants to be alone is not overtaken
 * for ever.
 */
export class Turnstile {
  readonly #queue: { readonly alone: boolean; readonly go: () => void }[] = [];
  #inside = 0;
  #isOneAlone = false;

  /**
   * Waits for its turn.
   *
   * @returns to be called when it is done.
   * @throws the signal's reason.
   */
  async enter(alone: boolean, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#queue.length > 0 || !this.#hasRoom(alone)) await this.#turn(alone, signal);
    else this.#take(alone);
    return () => {
      this.#inside -= 1;
      if (alone) this.#isOneAlone = false;
      this.#letIn();
    };
  }

  #hasRoom(alone: boolean): boolean {
    return alone ? this.#inside === 0 : !this.#isOneAlone;
  }

  #take(alone: boolean): void {
    this.#inside += 1;
    this.#isOneAlone = alone;
  }

  #turn(alone: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry = {
        alone,
        go: (): void => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(entry), 1);
        reject(signal.reason as Error);
        this.#letIn();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue.push(entry);
    });
  }

  #letIn(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (!this.#hasRoom(next.alone)) return;
      this.#queue.shift();
      this.#take(next.alone);
      next.go();
    }
  }
}

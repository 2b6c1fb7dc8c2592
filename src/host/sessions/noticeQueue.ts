/**
 * How long a notification stays on the screen when nobody touches it (VS Code: 10 to 12 seconds). After that it waits in
 * the notification centre, and the next one is not on top of it.
 */
const defaultOnScreenMs = 12_000;

/** Notifications that nobody asked for: at most one of them is on the screen. What a person waits for is not queued. */
export class NoticeQueue {
  readonly #onError: (error: unknown) => void;
  readonly #onScreenMs: number;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param onError tells what went wrong in what a notice led to.
   * @param onScreenMs how long one that nobody answers is in the way of the next.
   */
  constructor(onError: (error: unknown) => void, onScreenMs: number = defaultOnScreenMs) {
    this.#onError = onError;
    this.#onScreenMs = onScreenMs;
  }

  /**
   * Shows a notice when the one before it is gone or has left the screen.
   *
   * @param show resolves when it was answered or closed, or there turned out to be nothing to say.
   */
  add(show: () => Promise<unknown>): void {
    this.#last = this.#last.then(() => this.#show(show));
  }

  #show(show: () => Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#onScreenMs);
      show()
        .catch(this.#onError)
        .finally(() => {
          clearTimeout(timer);
          resolve();
        });
    });
  }
}

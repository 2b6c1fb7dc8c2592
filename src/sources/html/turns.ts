import { untilAborted } from './untilAborted.ts';

/** Lets one after the other do something, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Waits for a turn.
   *
   * @returns ends the turn; must be called.
   * @throws the signal's reason when it is aborted first; then there is no turn to end.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const end = (): void => {
      resolve(undefined);
    };
    // Whoever comes next waits for those before, too: this one may be aborted while they are not done.
    this.#last = before.then(() => promise);
    try {
      await untilAborted(before, signal);
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }
}

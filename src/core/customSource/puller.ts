import { UnitFailedError } from '../errors.ts';

const notReady = Symbol('not ready');

/** Pulls from what somebody's own code gave as a list: a generator, an array, a promise of one. */
export class Puller<T> {
  /** An array: no code of theirs runs between one and the next. */
  readonly isArray: boolean;
  readonly #iterator: AsyncIterator<T> | Iterator<T>;
  #pending: Promise<IteratorResult<T>> | undefined;

  private constructor(iterator: AsyncIterator<T> | Iterator<T>, isArray: boolean) {
    this.isArray = isArray;
    this.#iterator = iterator;
  }

  /**
   * @param what names the function that gave the list, in errors.
   * @throws UnitFailedError `SOURCE_INVALID` when it is none.
   */
  static async of<T>(given: unknown, what: string): Promise<Puller<T>> {
    const list: unknown = await given;
    if (isObject(list)) {
      const { [Symbol.asyncIterator]: stream, [Symbol.iterator]: walk } = list as Partial<
        AsyncIterable<T> & Iterable<T>
      >;
      if (stream !== undefined) return new Puller(stream.call(list), false);
      if (walk !== undefined) return new Puller(walk.call(list), Array.isArray(list));
    }
    throw new UnitFailedError(
      'SOURCE_INVALID',
      `${what} gave ${list === undefined ? 'nothing' : typeof list} and no list. Make it a generator ("async *${what}") that yields, or return an array.`,
    );
  }

  /** The next one. */
  async next(): Promise<IteratorResult<T>> {
    const step = this.#step();
    this.#pending = undefined;
    return step;
  }

  /** The next one if it is there without waiting for anything but computing; it comes with the next `next()` otherwise. */
  async nextIfReady(): Promise<IteratorResult<T> | undefined> {
    const step = this.#step();
    if (!(step instanceof Promise)) return step;
    const turn = new Promise<typeof notReady>((resolve) => {
      setImmediate(resolve, notReady);
    });
    // An error is told when its turn comes, after what was there before it.
    const seen = step.catch(() => notReady);
    if ((await Promise.race([seen, turn])) === notReady) {
      this.#pending = step;
      return undefined;
    }
    return step;
  }

  /** Lets the generator do what it does at its end. */
  async end(): Promise<void> {
    // A generator that still works on a step ends after it.
    await Promise.allSettled([this.#pending, this.#iterator.return?.()]);
  }

  #step(): Promise<IteratorResult<T>> | IteratorResult<T> {
    return this.#pending ?? this.#iterator.next();
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

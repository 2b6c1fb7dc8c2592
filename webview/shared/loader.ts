/** Something that is asked for: not there yet, there, or refused with a message. */
export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'there'; readonly value: T }
  | { readonly state: 'failed'; readonly message: string };

/**
 * Asks for something again and again, one request at a time and no two within `gapMs` of each other. What was there
 * stays until the next answer is.
 */
export class Loader<T> {
  readonly #load: () => Promise<T>;
  readonly #onChange: () => void;
  readonly #gapMs: number;
  #current: Loaded<T> = { state: 'loading' };
  #isBusy = false;
  #isWanted = false;

  constructor(options: { load: () => Promise<T>; onChange: () => void; gapMs: number }) {
    this.#load = options.load;
    this.#onChange = options.onChange;
    this.#gapMs = options.gapMs;
  }

  get current(): Loaded<T> {
    return this.#current;
  }

  /** Asks as soon as it may. */
  refresh(): void {
    this.#isWanted = true;
    if (!this.#isBusy) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#isBusy = true;
    this.#isWanted = false;
    try {
      this.#current = { state: 'there', value: await this.#load() };
    } catch (error) {
      this.#current = {
        state: 'failed',
        message: error instanceof Error ? error.message : String(error),
      };
    }
    this.#onChange();
    setTimeout(() => {
      this.#isBusy = false;
      if (this.#isWanted) void this.#ask();
    }, this.#gapMs);
  }
}

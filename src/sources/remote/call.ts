import type { StageWatch } from '../source.ts';

/** What a call needs of whoever makes it. */
export interface CallOptions {
  readonly id: number;
  /** Aborted: the call ends with the signal's reason. */
  readonly signal: AbortSignal;
  /** How long nothing may come from the other side while it owes something. */
  readonly timeoutMs: number;
  /** That long nothing has come. */
  readonly onSilence: (call: Call) => void;
  /** Told where the time goes of the unit that it is for. */
  readonly stages?: StageWatch | undefined;
  /** More combinations of `for`. */
  readonly forValues: () => Promise<readonly object[]>;
}

/**
 * One carrying out of something by somebody's own code. The time that the code waits for us (a request, a secret) is not
 * its own.
 */
export class Call {
  readonly id: number;
  readonly forValues: CallOptions['forValues'];
  readonly stages: StageWatch | undefined;
  /** The URL that was fetched last. */
  lastUrl: string | undefined;
  readonly #signal: AbortSignal;
  readonly #timeoutMs: number;
  readonly #onSilence: (call: Call) => void;
  readonly #tools = new AbortController();
  readonly #onAbort: () => void;
  #reject: ((error: unknown) => void) | undefined;
  #interruption: { readonly error: unknown } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #toolsInUse = 0;

  constructor(options: CallOptions) {
    this.id = options.id;
    this.forValues = options.forValues;
    this.stages = options.stages;
    this.#signal = options.signal;
    this.#timeoutMs = options.timeoutMs;
    this.#onSilence = options.onSilence;
    this.#onAbort = () => {
      this.interrupt(this.#signal.reason);
    };
    this.#signal.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#signal.aborted) this.#onAbort();
  }

  /** Ends the tools' work when the call has ended. */
  get toolSignal(): AbortSignal {
    return this.#tools.signal;
  }

  /** Waits for work of the other side. @throws what {@link Call.interrupt} was given. */
  async wait<T>(work: Promise<T>): Promise<T> {
    // Nobody else sees how it ends when the call was interrupted.
    work.catch(() => undefined);
    if (this.#interruption !== undefined) throw this.#interruption.error;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject;
        this.#listen();
        work.then(resolve, reject);
      });
    } finally {
      this.#reject = undefined;
      clearTimeout(this.#timer);
    }
  }

  /** Uses a tool at the other side's request. */
  async use<T>(tool: () => Promise<T>): Promise<T> {
    this.#toolsInUse += 1;
    clearTimeout(this.#timer);
    try {
      return await tool();
    } finally {
      this.#toolsInUse -= 1;
      this.#listen();
    }
  }

  /** Whoever waits gets this error, now or when they wait next. */
  interrupt(error: unknown): void {
    this.#interruption ??= { error };
    this.#reject?.(error);
  }

  /** Nothing of it is needed any more. */
  end(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#tools.abort(new Error('The call has ended.'));
    clearTimeout(this.#timer);
  }

  #listen(): void {
    clearTimeout(this.#timer);
    if (this.#reject === undefined || this.#toolsInUse > 0) return;
    this.#timer = setTimeout(() => {
      this.#onSilence(this);
    }, this.#timeoutMs);
  }
}

import { assertNever } from '../core/assert.ts';

/** Requests by name, with what they take and give. */
export type RequestMap = object;
/** What a request takes. */
export type RequestParams<M, K extends keyof M> = M[K] extends { params: infer P } ? P : never;
/** What a request gives. */
export type RequestResult<M, K extends keyof M> = M[K] extends { result: infer R } ? R : never;

/** The wire: a message port, a worker, a webview. */
export interface RpcChannel {
  post(message: unknown): void;
  /** Calls the listener for every message; the result ends it. */
  listen(listener: (message: unknown) => void): () => void;
}

/** An error as it crosses the wire. */
export interface WireError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly data: unknown;
}

/** An error that was thrown on the other side. `code` and `data` are those of the original. */
export class RemoteError extends Error {
  readonly code: string;
  readonly remoteName: string;
  readonly data: unknown;

  constructor(error: WireError) {
    super(error.message);
    this.name = 'RemoteError';
    this.code = error.code;
    this.remoteName = error.name;
    this.data = error.data;
  }
}

/** What answers each request. */
export type Handlers<M> = {
  readonly [K in keyof M]: (params: RequestParams<M, K>) => Promise<RequestResult<M, K>>;
};
type Message =
  | {
      readonly kind: 'request';
      readonly id: number;
      readonly name: string;
      readonly params: unknown;
    }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError }
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown };

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * One end of a typed conversation: requests with answers in both directions, and events. An error that a handler
 * throws reaches the asker as a {@link RemoteError}; a request that is not answered in time rejects; closing rejects
 * what is still waiting.
 */
export class Rpc<
  Incoming extends RequestMap,
  Outgoing extends RequestMap,
  IncomingEvents extends object,
  OutgoingEvents extends object,
> {
  readonly #channel: RpcChannel;
  readonly #handlers: Handlers<Incoming>;
  readonly #onEvent: <K extends keyof IncomingEvents>(name: K, payload: IncomingEvents[K]) => void;
  readonly #isParams: (name: keyof Incoming, params: unknown) => boolean | Promise<boolean>;
  readonly #pending = new Map<number, Pending>();
  readonly #unlisten: () => void;
  #nextId = 1;
  #closed: Error | undefined;

  /**
   * @param options.isParams whether a request's parameters are of its shape; one whose are not is refused with the code
   *   `RPC_BAD_PARAMS`. Left out where the other side is trusted.
   */
  constructor(options: {
    channel: RpcChannel;
    handlers: Handlers<Incoming>;
    isParams?: (name: keyof Incoming, params: unknown) => boolean | Promise<boolean>;
    onEvent: <K extends keyof IncomingEvents>(name: K, payload: IncomingEvents[K]) => void;
  }) {
    this.#channel = options.channel;
    this.#handlers = options.handlers;
    this.#isParams = options.isParams ?? (() => true);
    this.#onEvent = options.onEvent;
    this.#unlisten = options.channel.listen((message) => {
      if (isMessage(message)) this.#receive(message);
    });
  }

  /**
   * Asks the other side.
   *
   * @param timeoutMs after which the promise rejects with code `RPC_TIMEOUT`; 0 waits for ever.
   * @throws RemoteError with what the other side threw.
   */
  request<K extends keyof Outgoing & string>(
    name: K,
    params: RequestParams<Outgoing, K>,
    timeoutMs = 30_000,
  ): Promise<RequestResult<Outgoing, K>> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer =
        timeoutMs > 0
          ? setTimeout(() => {
              this.#pending.delete(id);
              const message = `No answer to "${name}" within ${timeoutMs} ms`;
              reject(
                new RemoteError({ name: 'Timeout', code: 'RPC_TIMEOUT', message, data: null }),
              );
            }, timeoutMs)
          : undefined;
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject, timer });
      try {
        this.#channel.post({ kind: 'request', id, name, params } satisfies Message);
      } catch (error) {
        // What can't be cloned never left: waiting for an answer would be for ever.
        this.#settle(id);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Tells the other side something; nothing comes back. */
  emit<K extends keyof OutgoingEvents & string>(name: K, payload: OutgoingEvents[K]): void {
    if (!this.#closed) this.#channel.post({ kind: 'event', name, payload } satisfies Message);
  }

  /** Ends the conversation; what is still waiting rejects with code `RPC_CLOSED`. */
  close(reason = 'The conversation was closed'): void {
    if (this.#closed) return;
    this.#closed = new RemoteError({
      name: 'Closed',
      code: 'RPC_CLOSED',
      message: reason,
      data: null,
    });
    this.#unlisten();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(this.#closed);
    }
    this.#pending.clear();
  }

  #receive(message: Message): void {
    switch (message.kind) {
      case 'request':
        void this.#answer(message.id, message.name, message.params);
        return;
      case 'result':
        this.#settle(message.id)?.resolve(message.result);
        return;
      case 'error':
        this.#settle(message.id)?.reject(new RemoteError(message.error));
        return;
      case 'event':
        this.#onEvent(
          message.name as keyof IncomingEvents,
          message.payload as IncomingEvents[keyof IncomingEvents],
        );
        return;
      default:
        assertNever(message, 'message');
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (!pending) return undefined;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    return pending;
  }

  async #answer(id: number, name: string, params: unknown): Promise<void> {
    try {
      if (!Object.hasOwn(this.#handlers, name)) {
        throw Object.assign(new Error(`Unknown request "${name}"`), { code: 'RPC_UNKNOWN' });
      }
      if (!(await this.#isParams(name as keyof Incoming, params))) {
        const message = `The parameters of "${name}" are not of its shape`;
        throw Object.assign(new Error(message), { code: 'RPC_BAD_PARAMS' });
      }
      const handler = this.#handlers[name as keyof Incoming] as (
        params: unknown,
      ) => Promise<unknown>;
      const result = await handler(params);
      if (!this.#closed) this.#channel.post({ kind: 'result', id, result } satisfies Message);
    } catch (error) {
      if (this.#closed) return;
      this.#channel.post({ kind: 'error', id, error: toWireError(error) } satisfies Message);
    }
  }
}

/** Whether something is a message of ours: VS Code posts its own on the same wire, and a page could post anything. */
function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  const { kind, id, name, error } = value as Partial<Record<string, unknown>>;
  switch (kind) {
    case 'request':
      return typeof id === 'number' && typeof name === 'string';
    case 'event':
      return typeof name === 'string';
    case 'result':
      return typeof id === 'number';
    case 'error':
      return typeof id === 'number' && typeof error === 'object' && error !== null;
    default:
      return false;
  }
}

function toWireError(error: unknown): WireError {
  if (!(error instanceof Error)) {
    return { name: 'Error', code: 'INTERNAL', message: String(error), data: null };
  }
  const { code, data } = error as { code?: unknown; data?: unknown };
  return {
    name: error.name,
    code: typeof code === 'string' ? code : 'INTERNAL',
    message: error.message,
    data: data ?? null,
  };
}

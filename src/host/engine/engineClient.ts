import { EventEmitter } from 'node:events';
import { assertNever } from '../../core/assert.ts';
import { Rpc, type RequestParams, type RequestResult } from '../../protocol/rpc.ts';
import { SourceLinks, type OpenSource } from './sourceLinks.ts';
import type {
  EngineRequests,
  HostEvents,
  HostRequests,
  WorkerEvents,
} from '../../protocol/worker.ts';

/** A worker thread as far as the host needs it; tests bring their own. */
export interface EngineWorker {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (exitCode: number) => void): unknown;
  terminate(): Promise<unknown>;
}

/** What the host tells about its engine, beside what the engine says itself. */
export interface EngineClientEvents {
  state: [WorkerEvents['state']];
  delta: [WorkerEvents['delta']];
  log: [WorkerEvents['log']];
  progress: [WorkerEvents['progress']];
  /** A worker is up: what is asked of it now comes before everything else. */
  started: [];
  /** The worker ended unasked; its runs died with it. The next request starts another. */
  died: [error: Error];
}

type WorkerRpc = Rpc<HostRequests, EngineRequests, WorkerEvents, HostEvents>;

/**
 * The engine's worker as seen from the extension host. It is started by the first request and, when it died, by the
 * next one; a request that was open then rejects with code `RPC_CLOSED`.
 */
export class EngineClient {
  readonly events = new EventEmitter<EngineClientEvents>();
  readonly #spawn: () => EngineWorker;
  readonly #secret: (name: string) => Promise<string | null>;
  readonly #openSource: OpenSource;
  #links: SourceLinks | undefined;
  #worker: EngineWorker | undefined;
  #rpc: WorkerRpc | undefined;
  #isDisposed = false;

  /**
   * @param options.secret answers the engine's question for the value of `${secret:NAME}`.
   * @param options.openSource begins a conversation with a source of another extension.
   */
  constructor(options: {
    spawn: () => EngineWorker;
    secret: (name: string) => Promise<string | null>;
    openSource: OpenSource;
  }) {
    this.#spawn = options.spawn;
    this.#secret = options.secret;
    this.#openSource = options.openSource;
  }

  /** Whether a worker is up. Asking does not start one. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Asks the engine, starting it where needed.
   *
   * @param timeoutMs 0 waits for ever (opening a session may have gigabytes to check); the worker's death ends that.
   * @throws RemoteError with what the engine threw, or `RPC_TIMEOUT`, `RPC_CLOSED`.
   */
  async request<K extends keyof EngineRequests>(
    name: K,
    params: RequestParams<EngineRequests, K>,
    timeoutMs: number,
  ): Promise<RequestResult<EngineRequests, K>> {
    return this.#connect().request(name, params, timeoutMs);
  }

  /** Asks for the end of a job; nobody waits for it. */
  cancelJob(job: string): void {
    // One that has ended meanwhile, or died with its engine, needs no cancelling.
    this.request('cancelJob', { job }, 0).catch(() => undefined);
  }

  /** Ends the worker for good. What it runs is not asked to stop first: that is the caller's to do. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    const worker = this.#worker;
    this.#disconnect('The engine was shut down');
    await worker?.terminate();
  }

  #connect(): WorkerRpc {
    if (this.#rpc) return this.#rpc;
    if (this.#isDisposed) throw new Error('The engine was shut down');
    const worker = this.#spawn();
    let cause: Error | undefined;
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (exitCode) => {
      if (this.#worker !== worker) return;
      const error = cause ?? new Error(`The engine's worker ended with exit code ${exitCode}`);
      this.#disconnect(error.message);
      this.events.emit('died', error);
    });
    this.#worker = worker;
    const links = new SourceLinks(this.#openSource, (name, payload) => {
      rpc.emit(name, payload);
    });
    this.#links = links;
    const rpc: WorkerRpc = new Rpc<HostRequests, EngineRequests, WorkerEvents, HostEvents>({
      channel: {
        post: (message) => {
          worker.postMessage(message);
        },
        listen: (listener) => {
          let isListening = true;
          worker.on('message', (message) => {
            if (isListening) listener(message);
          });
          return () => {
            isListening = false;
          };
        },
      },
      handlers: { secret: ({ name }) => this.#secret(name), ...links.handlers() },
      onEvent: (name, payload) => {
        this.#forward(name, payload);
      },
    });
    this.#rpc = rpc;
    this.events.emit('started');
    return rpc;
  }

  #forward(name: keyof WorkerEvents, payload: WorkerEvents[keyof WorkerEvents]): void {
    switch (name) {
      case 'state':
        this.events.emit('state', payload as WorkerEvents['state']);
        return;
      case 'delta':
        this.events.emit('delta', payload as WorkerEvents['delta']);
        return;
      case 'log':
        this.events.emit('log', payload as WorkerEvents['log']);
        return;
      case 'progress':
        this.events.emit('progress', payload as WorkerEvents['progress']);
        return;
      case 'sourceMessage':
        this.#links?.receive(payload as WorkerEvents['sourceMessage']);
        return;
      default:
        assertNever(name, 'event');
    }
  }

  #disconnect(reason: string): void {
    this.#links?.close();
    this.#links = undefined;
    this.#rpc?.close(reason);
    this.#rpc = undefined;
    this.#worker = undefined;
  }
}

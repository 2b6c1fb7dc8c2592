import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Meter } from '../source.ts';
import { BodyReader, BodyTooLargeError } from './body.ts';

/** The request took longer than it may. */
export class DeadlineError extends Error {
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`No complete answer within ${timeoutMs} ms.`);
    this.name = 'DeadlineError';
    this.timeoutMs = timeoutMs;
  }
}

/** The connection failed after the answer had begun. */
export class BodyCutError extends Error {
  constructor(cause: unknown) {
    super('The connection ended before the body did.', { cause });
    this.name = 'BodyCutError';
  }
}

/** The body did not decompress. */
export class BodyDamagedError extends Error {
  constructor(cause: unknown) {
    super('The compressed body is damaged or cut.', { cause });
    this.name = 'BodyDamagedError';
  }
}

/** One request to one server, without redirects. */
export interface ExchangeRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'HEAD';
  readonly headers: readonly string[];
  readonly body: string | undefined;
  readonly signal: AbortSignal;
  /** For the whole of it, body included. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  /** Whether the body of an answer with this status is wanted whole; of others only the beginning is kept. */
  readonly wantsBody: (status: number) => boolean;
  /** The connection ends with the answer. */
  readonly isOnItsOwn: boolean;
  /** Told of the bytes that come. */
  readonly meter: Meter;
}

/** What came back. */
export interface ExchangeResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Of a body that nobody wants, read this much: enough for a message, and to keep the connection in most cases. */
const unwantedBodyBytes = 16 * 1024;

/**
 * Sends one request over `dispatcher` and receives the whole answer.
 *
 * Rejects with the signal's reason, {@link DeadlineError}, `BodyTooLargeError`, `UnknownCodingError`,
 * {@link BodyCutError}, {@link BodyDamagedError}, or undici's or Node's error of the connection.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: ExchangeRequest,
): Promise<ExchangeResponse> {
  return new Promise((resolve, reject) => {
    const handler = new ExchangeHandler(request, resolve, reject);
    try {
      dispatcher.dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method,
          // undici's type asks for a mutable array; it only reads it.
          headers: request.headers as string[],
          body: request.body ?? null,
          reset: request.isOnItsOwn,
          // One deadline covers everything.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        handler,
      );
    } catch (error) {
      handler.fail(error);
    }
  });
}

/**
 * undici's lowest interface: no stream object and no promise for each part, which is most of what its `request` and
 * `fetch` cost.
 */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest;
  readonly #resolve: (response: ExchangeResponse) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #wanted = true;
  #body: BodyReader | undefined;

  constructor(
    request: ExchangeRequest,
    resolve: (response: ExchangeResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onAbort = () => this.fail(request.signal.reason);
    this.#timer = setTimeout(
      () => this.fail(new DeadlineError(request.timeoutMs)),
      request.timeoutMs,
    );
    request.signal.addEventListener('abort', this.#onAbort);
    if (request.signal.aborted) this.#onAbort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) controller.abort(new Error('The request is not wanted any more.'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#settled || status < 200) return;
    const { method, maxBodyBytes } = this.#request;
    this.#status = status;
    this.#headers = headers;
    this.#wanted = this.#request.wantsBody(status);
    if (method === 'HEAD' || status === 204 || status === 304) return;
    try {
      this.#body = this.#wanted
        ? new BodyReader(headers['content-encoding'], maxBodyBytes, (error) =>
            this.fail(bodyError(error)),
          )
        : new BodyReader(undefined, Infinity, () => undefined);
      const announced = Number(headers['content-length']);
      if (this.#wanted && this.#body.isPlain && announced > maxBodyBytes)
        throw new BodyTooLargeError(maxBodyBytes);
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const body = this.#body;
    if (this.#settled || body === undefined) return;
    this.#request.meter.received(chunk.length);
    try {
      const wait = body.write(chunk);
      if (!this.#wanted && body.soFar().length > unwantedBodyBytes) {
        this.#succeed(body.soFar());
        controller.abort(new Error('The rest of the body is not wanted.'));
        return;
      }
      if (wait !== undefined) this.#pauseUntil(wait, controller);
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    const body = this.#body;
    if (body === undefined) {
      this.#succeed(Buffer.alloc(0));
      return;
    }
    try {
      const whole = body.finish();
      if (whole instanceof Promise) {
        whole.then(
          (data) => this.#succeed(data),
          (error: unknown) => this.fail(bodyError(error)),
        );
      } else {
        this.#succeed(whole);
      }
    } catch (error) {
      this.fail(bodyError(error));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(this.#status === 0 ? error : new BodyCutError(error));
  }

  #pauseUntil(ready: Promise<void>, controller: Dispatcher.DispatchController): void {
    controller.pause();
    void ready.then(() => {
      if (!this.#settled) controller.resume();
    });
  }

  #succeed(body: Buffer): void {
    if (this.#settled) return;
    this.#settle();
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  /** Ends the exchange with `reason`, if it has not ended yet. */
  fail(reason: unknown): void {
    if (this.#settled) return;
    this.#settle();
    this.#body?.destroy();
    this.#controller?.abort(reason instanceof Error ? reason : new Error('Aborted'));
    this.#reject(reason);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }
}

function bodyError(error: unknown): unknown {
  return error instanceof BodyTooLargeError ? error : new BodyDamagedError(error);
}

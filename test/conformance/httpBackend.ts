import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { cutAfter, hang, retryAfter, send } from '../fixtures/answers.ts';
import { type Answer, type FaultyRequest, FaultyServer } from '../fixtures/faultyServer.ts';
import { type Backend, type Situation, throttledMs } from './subject.ts';

const probePath = '/__probe';

/** What a well-behaved server answers a request with. */
export interface WellAnswer {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The other side of a source that speaks HTTP: a real server on loopback. */
export class HttpBackend implements Backend {
  readonly server: FaultyServer;
  readonly #answer: (request: FaultyRequest) => WellAnswer | undefined;
  #calls = 0;
  #situation: Exclude<Situation, 'refused'> | 'well' = 'well';
  #stallFrom = Infinity;
  #stallAt: 'start' | 'middle' = 'start';
  #held: (() => void)[] = [];
  #watchers: { readonly count: number; readonly notify: () => void }[] = [];

  private constructor(
    server: FaultyServer,
    answer: (request: FaultyRequest) => WellAnswer | undefined,
  ) {
    this.server = server;
    this.#answer = answer;
    server.route('*', (request, response) => this.#handle(request, response));
    server.route(probePath, send(200, 'ok', { connection: 'close' }));
  }

  /** @param answer what a request gets while all is well; undefined is 404. */
  static async start(
    answer: (request: FaultyRequest) => WellAnswer | undefined,
  ): Promise<HttpBackend> {
    return new HttpBackend(await FaultyServer.start(), answer);
  }

  get calls(): number {
    return this.#calls;
  }

  untilCalls(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#calls >= count) resolve();
      else this.#watchers.push({ count, notify: resolve });
    });
  }

  async behave(situation: Situation | 'well'): Promise<void> {
    if (situation === 'refused') {
      await this.server.refuse();
      return;
    }
    this.#situation = situation;
    await this.server.listenAgain();
  }

  stallFrom(nth: number, at: 'start' | 'middle'): void {
    this.#stallFrom = this.#calls + nth;
    this.#stallAt = at;
  }

  release(): void {
    this.#stallFrom = Infinity;
    for (const go of this.#held) go();
    this.#held = [];
  }

  untilDisconnected(): Promise<void> {
    return this.server.untilNoConnections();
  }

  async probe(): Promise<void> {
    // A connection of its own, ended by the server: `untilDisconnected` must not wait for it.
    const request = get(this.server.url(probePath), { agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'close');
  }

  async close(): Promise<void> {
    this.release();
    await this.server.close();
  }

  async #handle(request: FaultyRequest, response: ServerResponse): Promise<void> {
    this.#calls++;
    const isStalled = this.#calls >= this.#stallFrom;
    const at = this.#stallAt;
    const due = this.#watchers.filter((watcher) => this.#calls >= watcher.count);
    this.#watchers = this.#watchers.filter((watcher) => !due.includes(watcher));
    for (const watcher of due) watcher.notify();

    const { status = 200, headers, body } = this.#answer(request) ?? notFound;
    if (!isStalled) {
      await this.#answerFor(status, headers, body)(request, response);
      return;
    }
    const released = new Promise<void>((resolve) => this.#held.push(resolve));
    if (at === 'start') {
      await released;
      if (!response.destroyed) await send(status, body, headers)(request, response);
      return;
    }
    const bytes = Buffer.from(body);
    const half = Math.floor(bytes.length / 2);
    response.writeHead(status, { ...headers, 'content-length': bytes.length });
    response.write(bytes.subarray(0, half));
    await released;
    if (!response.destroyed) response.end(bytes.subarray(half));
  }

  #answerFor(status: number, headers: Readonly<Record<string, string>>, body: string): Answer {
    switch (this.#situation) {
      case 'well':
        return send(status, body, headers);
      case 'throttled':
        return retryAfter(429, throttledMs / 1_000);
      case 'unavailable':
        return send(503, 'down');
      case 'missing':
        return send(404, 'gone');
      case 'silent':
        return hang();
      case 'cut':
        return cutAfter(Math.floor(body.length / 2), body, headers);
    }
  }
}

const notFound: WellAnswer = { status: 404, headers: {}, body: 'no such path' };

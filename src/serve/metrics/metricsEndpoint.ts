import type { IncomingHttpHeaders } from 'node:http';
import { codeOf, messageOf, UsageError } from '../../core/errors.ts';
import { serveLoopback, type LoopbackServer, type Reply } from '../loopback.ts';
import type { MeasuredRuns } from './measuredRuns.ts';
import type { PrometheusMetrics } from './prometheus.ts';

const path = '/metrics';
/** How long one that has asked once only is waited for: perhaps a person who had a look. */
const askedOnceMs = 15_000;
const longestRestMs = 120_000;

/** Metrics of the sessions of this process at a port of 127.0.0.1, for Prometheus. */
export class MetricsEndpoint {
  readonly #runs: MeasuredRuns;
  #metrics: Promise<PrometheusMetrics> | undefined;
  #server: LoopbackServer | undefined;
  #lastScrapeMs: number | undefined;
  /** Between the last two scrapes. */
  #rhythmMs: number | undefined;
  #onScrape: () => void = () => undefined;

  constructor(runs: MeasuredRuns) {
    this.#runs = runs;
  }

  /**
   * Begins to answer.
   *
   * @param port 0 lets the system choose.
   * @returns the address to scrape.
   * @throws UsageError `METRICS_PORT_TAKEN`, `METRICS_PORT_REFUSED`.
   */
  async open(port: number): Promise<string> {
    // 100 KB that only whoever is scraped needs.
    this.#metrics ??= import('./prometheus.ts').then((m) => new m.PrometheusMetrics(this.#runs));
    await this.#metrics;
    try {
      this.#server = await serveLoopback({ port }, (url, headers) => this.#answer(url, headers));
    } catch (error) {
      throw cannotListen(port, error);
    }
    return new URL(path, this.#server.url).href;
  }

  /** Whether anybody has ever asked. */
  get isScraped(): boolean {
    return this.#lastScrapeMs !== undefined;
  }

  /** Answers no more. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
  }

  /**
   * Waits until what is true now has been scraped, where anybody scrapes at all: two of its intervals at most, never
   * longer than two minutes, and 15 seconds for one that has asked once.
   *
   * @returns whether it was.
   */
  async lastScrape(signal: AbortSignal): Promise<boolean> {
    if (!this.isScraped || signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = (): void => {
      resolve(false);
    };
    const restMs =
      this.#rhythmMs === undefined ? askedOnceMs : Math.min(2 * this.#rhythmMs, longestRestMs);
    const timer = setTimeout(giveUp, restMs);
    signal.addEventListener('abort', giveUp, { once: true });
    this.#onScrape = () => {
      resolve(true);
    };
    const wasScraped = await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    return wasScraped;
  }

  #answer(url: URL, headers: IncomingHttpHeaders): Reply | Promise<Reply> {
    // A page in somebody's browser may reach this port under a name of its own.
    if (!isLoopbackName(url.hostname) || headers.host === undefined) {
      return { status: 403, body: 'Ask for 127.0.0.1 or localhost.\n' };
    }
    if (url.pathname !== path) return { status: 404, body: `Metrics are at ${path}.\n` };
    return this.#scrape();
  }

  async #scrape(): Promise<Reply> {
    const metrics = await this.#metrics;
    if (metrics === undefined) throw new Error('There are no metrics.');
    const nowMs = performance.now();
    if (this.#lastScrapeMs !== undefined) this.#rhythmMs = nowMs - this.#lastScrapeMs;
    this.#lastScrapeMs = nowMs;
    const onSent = this.#onScrape;
    const body = await metrics.text();
    return { status: 200, headers: { 'content-type': metrics.contentType }, body, onSent };
  }
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}

function cannotListen(port: number, error: unknown): UsageError {
  const data = { port };
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new UsageError(
        'METRICS_PORT_TAKEN',
        `Port ${port} of 127.0.0.1 is taken: metrics need another one.`,
        data,
      );
    case 'EACCES':
      return new UsageError(
        'METRICS_PORT_REFUSED',
        `The system does not give out port ${port}: metrics need one from 1024 on.`,
        data,
      );
    default:
      return new UsageError(
        'METRICS_PORT_REFUSED',
        `Metrics can't be served at port ${port} of 127.0.0.1: ${messageOf(error)}`,
        data,
      );
  }
}

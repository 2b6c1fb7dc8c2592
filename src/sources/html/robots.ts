import { LRUCache } from 'lru-cache';
import robotsParser from 'robots-parser';
import { backoffCeilingMs, type BackoffSettings } from '../../core/backoff.ts';
import {
  RetryError,
  ThrottledError,
  UnitBlockedError,
  UnitFailedError,
} from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { HttpClient } from '../http/client.ts';
import { untilAborted } from './untilAborted.ts';

/** RFC 9309: a copy is used for at most a day. */
const keptMs = 24 * 3_600_000;
/** RFC 9309: at least 500 KiB are read; what follows is not. */
const readBytes = 500 * 1024;
/** A larger file than that is not even received. */
const maxBodyBytes = 16 * 1024 * 1024;
/** RFC 9309: after five redirects in a row the file counts as one that is not there. */
const maxRedirects = 5;
/** Hosts whose rules are remembered. */
const rememberedHosts = 10_000;

/** What robots.txt says about one address. */
export interface RobotsAnswer {
  readonly allowed: boolean;
  /** Least time between two requests to the host, milliseconds; 0 where it does not say. */
  readonly minDelayMs: number;
}

/** One host's robots.txt, as it was when it was fetched. */
interface Rules {
  answer(url: string): RobotsAnswer;
  /** Wall clock at which a new copy is fetched. */
  readonly expiresAt: number;
}

/** What a failed fetch leaves behind. */
interface Outage {
  readonly failures: number;
  /** Monotonic time before which it is not tried again. */
  readonly notBeforeMs: number;
  readonly error: RetryError;
}

// The package's types are those of an ES module, which it is not.
const parseRobots = robotsParser as unknown as (
  url: string,
  text: string,
) => {
  isAllowed(url: string, agent: string): boolean | undefined;
  getCrawlDelay(agent: string): number | undefined;
};

/**
 * robots.txt of every host, as RFC 9309 says: fetched once and kept for a day; one that is not there (4xx) allows
 * everything; one that can't be had (5xx, no connection) forbids everything until it can, so its pages wait.
 */
export class RobotsCache {
  readonly #http: HttpClient;
  readonly #clock: Clock;
  readonly #backoff: BackoffSettings;
  readonly #agent: string;
  readonly #rules = new LRUCache<string, Rules>({ max: rememberedHosts });
  readonly #outages = new LRUCache<string, Outage>({ max: rememberedHosts });
  /** Fetches under way, by origin: many units of a host ask for one file. */
  readonly #fetches = new Map<string, Promise<Rules>>();

  /** @param options.agent our product token, as groups of robots.txt name it. */
  constructor(options: {
    http: HttpClient;
    clock: Clock;
    backoff: BackoffSettings;
    agent: string;
  }) {
    this.#http = options.http;
    this.#clock = options.clock;
    this.#backoff = options.backoff;
    this.#agent = options.agent;
  }

  /**
   * Asks whether a page may be fetched.
   *
   * @returns the least time between two requests to the host, milliseconds; 0 where robots.txt does not say.
   * @throws UnitBlockedError when robots.txt forbids the page; ThrottledError while it can't be had.
   */
  async admit(url: string, signal: AbortSignal): Promise<number> {
    const { origin } = new URL(url);
    const { allowed, minDelayMs } = (await this.#rulesOf(origin, signal)).answer(url);
    if (allowed) return minDelayMs;
    throw new UnitBlockedError('ROBOTS_BLOCKED', `${origin}/robots.txt forbids ${url}.`, { url });
  }

  #rulesOf(origin: string, signal: AbortSignal): Rules | Promise<Rules> {
    const rules = this.#rules.get(origin);
    return rules !== undefined && rules.expiresAt > this.#clock.now()
      ? rules
      : this.#load(origin, rules, signal);
  }

  async #load(origin: string, stale: Rules | undefined, signal: AbortSignal): Promise<Rules> {
    for (;;) {
      signal.throwIfAborted();
      const running = this.#fetches.get(origin);
      if (running === undefined) return await this.#start(origin, stale, signal);
      try {
        return await untilAborted(running, signal);
      } catch (error) {
        // A failure is everyone's; that the fetching unit was aborted concerns only that unit.
        if (signal.aborted || error instanceof ThrottledError) throw error;
        if (error instanceof UnitFailedError) throw error;
      }
    }
  }

  async #start(origin: string, stale: Rules | undefined, signal: AbortSignal): Promise<Rules> {
    const fetching = this.#refresh(origin, stale, signal);
    this.#fetches.set(origin, fetching);
    try {
      return await fetching;
    } finally {
      this.#fetches.delete(origin);
    }
  }

  /** A fresh copy, else the stale one, else the reason why pages have to wait. */
  async #refresh(origin: string, stale: Rules | undefined, signal: AbortSignal): Promise<Rules> {
    const outage = this.#outages.get(origin);
    const restMs = (outage?.notBeforeMs ?? 0) - this.#clock.monotonicMs();
    try {
      if (outage !== undefined && restMs > 0) throw unreachable(origin, outage.error, restMs);
      const rules = await this.#fetch(origin, signal);
      this.#rules.set(origin, rules);
      this.#outages.delete(origin);
      return rules;
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = error instanceof RetryError ? this.#noteOutage(origin, outage, error) : error;
      if (reason instanceof ThrottledError && stale !== undefined) return stale;
      throw reason;
    }
  }

  #noteOutage(origin: string, before: Outage | undefined, error: RetryError): ThrottledError {
    const failures = (before?.failures ?? 0) + 1;
    const delayMs = Math.max(backoffCeilingMs(failures, this.#backoff), error.delayMs ?? 0);
    const notBeforeMs = this.#clock.monotonicMs() + delayMs;
    this.#outages.set(origin, { failures, notBeforeMs, error });
    return unreachable(origin, error, delayMs);
  }

  async #fetch(origin: string, signal: AbortSignal): Promise<Rules> {
    const expiresAt = this.#clock.now() + keptMs;
    const allowAll: Rules = { answer: () => ({ allowed: true, minDelayMs: 0 }), expiresAt };
    let redirects = 0;
    try {
      const { status, body } = await this.#http.fetch({
        url: `${origin}/robots.txt`,
        signal,
        maxBodyBytes,
        accept: (code) => code >= 400 && code < 500 && code !== 429,
        onRedirect: () => {
          redirects += 1;
          if (redirects > maxRedirects) throw new UnitFailedError('TOO_MANY_REDIRECTS', '');
        },
      });
      return status >= 400 ? allowAll : this.#parse(origin, body, expiresAt);
    } catch (error) {
      if (error instanceof UnitFailedError && redirectCodes.has(error.code)) return allowAll;
      throw error;
    }
  }

  #parse(origin: string, body: Buffer, expiresAt: number): Rules {
    const text = new TextDecoder().decode(body.subarray(0, readBytes));
    const robots = parseRobots(`${origin}/robots.txt`, text);
    const delayMs = Math.round((robots.getCrawlDelay(this.#agent) ?? 0) * 1000);
    const minDelayMs = Math.min(Math.max(0, delayMs), keptMs);
    return {
      answer: (url) => ({ allowed: robots.isAllowed(url, this.#agent) !== false, minDelayMs }),
      expiresAt,
    };
  }
}

/** The client's codes for redirects that lead nowhere. */
const redirectCodes: ReadonlySet<string> = new Set([
  'TOO_MANY_REDIRECTS',
  'REDIRECT_LOOP',
  'REDIRECT_INVALID',
]);

/**
 * The name under which robots.txt knows us: the product token of the User-Agent, in small letters. That of
 * "Mozilla/5.0 (compatible; BookBot/1.0; +https://…)" is "bookbot".
 */
export function productToken(userAgent: string): string {
  const token =
    /\(compatible;\s*([\w.-]+)/i.exec(userAgent)?.[1] ?? /^[^/\s]+/.exec(userAgent)?.[0];
  return (token ?? userAgent).toLowerCase();
}

function unreachable(origin: string, cause: RetryError, delayMs: number): ThrottledError {
  return new ThrottledError(
    'ROBOTS_UNREACHABLE',
    `${origin}/robots.txt can't be had, so its pages wait: ${cause.message}`,
    delayMs,
    { data: { origin }, cause },
  );
}

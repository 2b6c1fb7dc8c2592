import {
  PauseError,
  RetryError,
  ThrottledError,
  UnitFailedError,
  UnitSkippedError,
} from '../errors.ts';
import { parseJson, type JsonObject } from '../json.ts';
import { fromTransit } from './failures.ts';
import type { ForValues, SourceLog, SourceRequest, SourceTools } from './definition.ts';
import { jsonTextOf } from './jsonText.ts';
import type { LogGate } from './logGate.ts';
import type { SourceNotes, ToolRequests, WireRequest, WireResponse } from './wire.ts';

/** Reaches the engine from where the code runs. */
export interface EngineSide {
  ask<K extends keyof ToolRequests>(
    name: K,
    params: ToolRequests[K]['params'],
  ): Promise<ToolRequests[K]['result']>;
  tell<K extends keyof SourceNotes>(name: K, payload: SourceNotes[K]): void;
}

/** Requests of one source that are under way; more wait where they were made. */
const maxFetches = 64;

/** Statuses whose answers have no body. */
const bodiless: readonly number[] = [204, 205, 304];

/** Makes what `plan` and `collect` work with. */
export class ToolMaker {
  readonly #engine: EngineSide;
  readonly #log: SourceLog;
  readonly #waiting: (() => void)[] = [];
  #fetches = 0;

  constructor(engine: EngineSide, gate: LogGate) {
    this.#engine = engine;
    const line =
      (level: SourceNotes['log']['level']) =>
      (message: string, facts?: object): void => {
        const passed = gate.pass(message, facts);
        if (passed !== undefined) engine.tell('log', { level, ...passed });
      };
    this.#log = {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
    };
  }

  /** The tools of one call. */
  make(call: number, options: unknown, signal: AbortSignal): SourceTools {
    return {
      options,
      signal,
      log: this.#log,
      fetch: (url, request = {}) => this.#fetch(call, String(url), request, signal),
      secret: (name) => this.#ask('secret', { call, name }),
      retry: (message, { afterMs } = {}) =>
        new RetryError('SOURCE_RETRY', message, afterMs === undefined ? {} : { delayMs: afterMs }),
      notNow: (message, afterMs) => new ThrottledError('SOURCE_NOT_NOW', message, afterMs),
      skip: (message) => new UnitSkippedError('SOURCE_SKIPPED', message),
      fail: (message) => new UnitFailedError('SOURCE_FAILED', message),
      pause: (message) => new PauseError('SOURCE_PAUSED', message),
    };
  }

  /** The combinations of `for`, asked for in portions. */
  async *forValues(call: number): AsyncGenerator<ForValues, void, void> {
    for (;;) {
      const values = await this.#ask('forValues', { call });
      if (values.length === 0) return;
      for (const one of values as readonly (JsonObject & ForValues)[]) yield one;
    }
  }

  async #fetch(
    call: number,
    url: string,
    request: SourceRequest,
    signal: AbortSignal,
  ): Promise<Response> {
    const params = { call, ...requestOf(url, request) };
    if (this.#fetches >= maxFetches) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#fetches += 1;
    try {
      signal.throwIfAborted();
      return responseOf(await this.#ask('fetch', params));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#fetches -= 1;
      else next();
    }
  }

  /** An error of the engine keeps its class, so that it can be caught, or passed on as if it had not been. */
  async #ask<K extends keyof ToolRequests>(
    name: K,
    params: ToolRequests[K]['params'],
  ): Promise<ToolRequests[K]['result']> {
    try {
      return await this.#engine.ask(name, params);
    } catch (error) {
      throw fromTransit(error, name) ?? error;
    }
  }
}

function requestOf(url: string, request: SourceRequest): WireRequest {
  const { json, headers = {}, accept = [] } = request;
  const body = json === undefined ? request.body : jsonTextOf(json, 'json');
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    url,
    method: request.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: json === undefined ? lower : { 'content-type': 'application/json', ...lower },
    body,
    accept: [...accept],
    withoutCredentials: request.withoutCredentials === true,
  };
}

/** A standard answer, but one that keeps integers of 20 digits and knows its URL. */
function responseOf({ url, status, headers, body }: WireResponse): Response {
  const response = new Response(bodiless.includes(status) ? null : body, {
    status,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  });
  Object.defineProperty(response, 'url', { value: url });
  Object.defineProperty(response, 'json', {
    value: async () => parseJson(await response.text()),
  });
  return response;
}

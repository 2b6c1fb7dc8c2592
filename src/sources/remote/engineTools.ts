import { fromTransit, inTransit } from '../../core/customSource/failures.ts';
import type {
  SourceNotes,
  ToolRequests,
  WireRequest,
  WireResponse,
} from '../../core/customSource/wire.ts';
import { UnitFailedError } from '../../core/errors.ts';
import { isJsonObject, parseJson, type JsonObject } from '../../core/json.ts';
import type { Logger } from '../../core/ports.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import type { HttpClient } from '../http/client.ts';
import type { Call } from './call.ts';

/** What says how a body was packed on the wire: it has been unpacked. */
const wireHeaders: readonly string[] = ['content-encoding', 'content-length', 'transfer-encoding'];

/** What somebody's own code may ask of the engine, for as long as its call lasts. */
export class EngineTools {
  readonly #client: HttpClient;
  readonly #calls: ReadonlyMap<number, Call>;
  readonly #logger: Logger;
  readonly #name: string;

  /** @param name what the source is called in the log. */
  constructor(client: HttpClient, calls: ReadonlyMap<number, Call>, logger: Logger, name: string) {
    this.#client = client;
    this.#calls = calls;
    this.#logger = logger;
    this.#name = name;
  }

  handlers(): Handlers<ToolRequests> {
    return {
      fetch: ({ call, ...request }) => this.#use(call, (open) => this.#fetch(open, request)),
      secret: ({ call, name }) =>
        // So that it is known from here on, and taken out of everything that is written.
        this.#use(call, () => this.#client.expand(`\${secret:${name}}`)),
      forValues: ({ call }) =>
        this.#use(call, async (open) => (await open.forValues()) as readonly JsonObject[]),
    };
  }

  /** Writes a line of the code into the session's log. */
  log({ level, message, facts }: SourceNotes['log']): void {
    const parsed = parseJson(this.#client.redact(facts));
    const fields = isJsonObject(parsed) ? parsed : {};
    this.#logger[level]({ source: this.#name, ...fields }, this.#client.redact(message));
  }

  async #use<T>(id: number, tool: (call: Call) => Promise<T>): Promise<T> {
    try {
      const call = this.#calls.get(id);
      if (call === undefined) {
        throw new UnitFailedError(
          'SOURCE_TOO_LATE',
          'This unit has ended: nothing can be asked for it any more.',
        );
      }
      return await call.use(() => tool(call));
    } catch (error) {
      throw inTransit(error);
    }
  }

  async #fetch(call: Call, { url, accept, body, ...request }: WireRequest): Promise<WireResponse> {
    if (!/^https?:/i.test(url) || !URL.canParse(url)) {
      throw new UnitFailedError(
        'URL_INVALID',
        `fetch: "${this.#client.redact(url)}" is no http or https URL.`,
      );
    }
    const response = await this.#client.fetch({
      ...request,
      url,
      signal: call.toolSignal,
      stages: call.stages,
      accept: (status) => accept.includes(status),
      ...(body === undefined ? {} : { body }),
    });
    call.lastUrl = this.#client.redact(response.url);
    return {
      url: response.url,
      status: response.status,
      headers: response.headers().filter(([name]) => !wireHeaders.includes(name)),
      // A copy: what a buffer shares with others must not cross with it.
      body: new Uint8Array(response.body),
    };
  }
}

/** What the other side has thrown, as an error of ours that holds no secret. */
export function toldError(error: unknown, name: string, client: HttpClient): unknown {
  const told = fromTransit(error, name);
  if (told === undefined) return error;
  told.message = client.redact(told.message);
  return told;
}

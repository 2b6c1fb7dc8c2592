import type { ModuleSourceConfig } from '../../core/config/moduleSource.ts';
import type {
  Mapped,
  PageStep,
  SourceAbout,
  WirePlannedUnit,
  WireUnit,
} from '../../core/customSource/wire.ts';
import {
  CollectorError,
  messageOf,
  PauseError,
  RetryError,
  ThrottledError,
  UnitFailedError,
} from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import {
  getKey,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import { forUnits, forValuesOf } from '../forValues/forUnits.ts';
import { untilAborted } from '../html/untilAborted.ts';
import { HttpClient } from '../http/client.ts';
import type {
  CollectContext,
  Page,
  Source,
  SourceContext,
  SourceTraits,
  StageWatch,
} from '../source.ts';
import { Call, type CallOptions } from './call.ts';
import { Connection, ConnectionLost } from './connection.ts';
import { EngineTools, toldError } from './engineTools.ts';
import type { RemotePlace } from './place.ts';
import { itemFromRaw, itemToRaw, type RemoteItem } from './remoteItem.ts';
import { Turnstile } from './turnstile.ts';

/** What both kinds of somebody's own code are configured with. */
export type OwnCodeConfig = Pick<ModuleSourceConfig, 'options' | 'for' | 'request' | 'timeoutMs'>;

/** Combinations of `for` that cross at once. */
const forPortion = 500;
/** A unit that was interrupted by another one's fault waits so long. */
const innocentMs = 100;

/** What a remote source is made of. */
export interface RemoteParts {
  readonly type: 'module' | 'extension';
  readonly place: RemotePlace;
  readonly config: OwnCodeConfig;
  readonly context: SourceContext;
  /** What the code was when a unit was planned: kept in the unit, to tell when it has changed since. */
  readonly version?: string;
}

/** A connected source. */
interface Connected {
  readonly connection: Connection;
  readonly about: SourceAbout;
}

/**
 * A source whose code is somebody's own and runs elsewhere, one page of it at a time. What is asked for has a time limit;
 * code that hangs or falls over fails the unit that it did that in, and no other.
 */
export class RemoteSource implements Source<RemoteItem> {
  readonly type: string;
  readonly #parts: RemoteParts;
  readonly #client: HttpClient;
  readonly #tools: EngineTools;
  readonly #calls = new Map<number, Call>();
  readonly #turnstile = new Turnstile();
  /** Units that were under way when the code fell over. */
  readonly #suspects = new Set<string>();
  readonly #closing = new AbortController();
  #nextCall = 1;
  #connecting: Promise<Connected> | undefined;
  /** The newest one, also before it is described. */
  #connection: Connection | undefined;
  #about: SourceAbout | undefined;
  #hasToldChange = false;
  #closed: Promise<void> | undefined;

  constructor(parts: RemoteParts) {
    const { context, config, place } = parts;
    this.type = parts.type;
    this.#parts = parts;
    this.#client = new HttpClient({ context, request: config.request });
    this.#tools = new EngineTools(this.#client, this.#calls, context.logger, place.name);
  }

  get traits(): SourceTraits {
    return {
      paid: false,
      discovers: this.#about?.discovers ?? false,
      resumesMidUnit: true,
    };
  }

  /**
   * Connects, so that what is wrong with the code shows before anything else is done.
   *
   * @throws CollectorError with what is wrong.
   */
  async connect(signal: AbortSignal): Promise<SourceAbout> {
    return (await this.#connected(signal)).about;
  }

  async *plan(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    const { context, place } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      try {
        yield* this.#planOnce(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        // What was planned before is known: it is dropped by its key.
        const delayMs = retryDelayMs(error, attempt, context.retry);
        if (delayMs === undefined) throw planFailed(error, place.name);
        await context.clock.sleep(delayMs, signal);
      }
    }
  }

  async *collect(
    unit: ClaimedUnit,
    { signal, stages }: CollectContext,
  ): AsyncGenerator<Page<RemoteItem>, void, void> {
    signal.throwIfAborted();
    this.#tellChange(unit);
    stages?.enter('wait');
    const leave = await this.#turnstile.enter(this.#suspects.has(unit.key), signal);
    try {
      const { connection } = await this.#connected(signal);
      yield* this.#collectOver(connection, unit, signal, stages);
      this.#suspects.delete(unit.key);
    } finally {
      leave();
    }
  }

  map(item: RemoteItem, unit: Unit): JsonObject | Promise<JsonObject> {
    if (item.mapped !== undefined) return recordOf(item.mapped);
    if (this.#about?.hasMap === false) return item.value as JsonObject;
    return this.#mapNow(item, unit);
  }

  toRaw(item: RemoteItem): JsonValue {
    return itemToRaw(item);
  }

  fromRaw(raw: JsonValue): RemoteItem {
    return itemFromRaw(raw);
  }

  provenance({ url, fetchedAt }: RemoteItem): { readonly url: string; readonly fetchedAt: string } {
    return { url, fetchedAt };
  }

  health(): readonly HostHealth[] {
    return this.#client.health();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const error = closedError();
    this.#closing.abort(error);
    await this.#connecting?.catch(() => undefined);
    await this.#connection?.close(error);
    await this.#client.close();
  }

  async *#planOnce(signal: AbortSignal): AsyncGenerator<NewUnit, void, void> {
    signal.throwIfAborted();
    const { connection, about } = await this.#connected(signal);
    const { config, context, place } = this.#parts;
    const values = forUnits(
      config.for,
      { needed: new Set(Object.keys(config.for)) },
      context,
      signal,
    );
    if (!about.hasPlan) {
      for await (const one of values) {
        const { key = place.name, group } = one;
        yield this.#newUnit(
          { key, input: {}, ...(group === undefined ? {} : { group }) },
          one.values,
        );
      }
      return;
    }
    const forValues = async (): Promise<readonly object[]> => {
      const portion: JsonObject[] = [];
      for (let step = await values.next(); step.done !== true; step = await values.next()) {
        portion.push(step.value.values);
        if (portion.length === forPortion) break;
      }
      return portion;
    };
    const call = this.#call(signal, { forValues });
    let isOver = false;
    try {
      connection.begin(call, false);
      connection.rpc.emit('plan', { call: call.id });
      while (!isOver) {
        const step = await this.#step(
          call,
          connection.rpc.request('nextUnits', { call: call.id }, 0),
        );
        isOver = step.isLast;
        for (const unit of parseJson(step.units) as unknown as readonly WirePlannedUnit[]) {
          yield this.#newUnit(unit, {});
        }
      }
    } finally {
      connection.finish(call, isOver);
      await values.return();
    }
  }

  async *#collectOver(
    connection: Connection,
    unit: ClaimedUnit,
    signal: AbortSignal,
    stages: StageWatch | undefined,
  ): AsyncGenerator<Page<RemoteItem>, void, void> {
    const call = this.#call(signal, { stages });
    let isOver = false;
    try {
      connection.begin(call, true);
      const { cursor = null } = unit;
      connection.rpc.emit('collect', { call: call.id, unit: wireUnit(unit), cursor });
      // The code's own time, but for what it fetches through us.
      stages?.enter('parse');
      while (!isOver) {
        const request = connection.rpc.request('nextPage', { call: call.id }, 0);
        const step = await this.#step(call, request, unit);
        isOver = step.end !== undefined;
        yield this.#page(step, call);
      }
    } finally {
      connection.finish(call, isOver);
    }
  }

  /** Waits for a step of a call. @throws errors of ours, by what happens next. */
  async #step<T>(call: Call, work: Promise<T>, unit?: Unit): Promise<T> {
    try {
      return await call.wait(work);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) {
        throw toldError(error, this.#parts.place.name, this.#client);
      }
      throw this.#lostError(error, unit);
    }
  }

  /** What a unit is told whose code has fallen over, which it, or another one beside it, may have brought about. */
  #lostError({ end, units }: ConnectionLost, unit: Unit | undefined): CollectorError {
    if (end.kind === 'gone') return end.error;
    const message = this.#client.redact(end.message);
    if (unit === undefined) return new RetryError(end.code, message);
    if (units <= 1) return new UnitFailedError(end.code, message);
    this.#suspects.add(unit.key);
    return new ThrottledError(
      'SOURCE_RESTARTED',
      `${message} ${units} units were under way; each is tried again by itself.`,
      innocentMs,
    );
  }

  #page(step: PageStep, call: Call): Page<RemoteItem> {
    const { context, place } = this.#parts;
    const values = parseJson(step.items) as readonly JsonValue[];
    const mapped =
      step.records === undefined
        ? undefined
        : (parseJson(step.records) as unknown as readonly Mapped[]);
    const url =
      step.url === undefined ? (call.lastUrl ?? place.url) : this.#client.redact(step.url);
    const fetchedAt = new Date(context.clock.now()).toISOString();
    const units =
      step.units === undefined
        ? undefined
        : (parseJson(step.units) as unknown as readonly WirePlannedUnit[]).map((unit) =>
            this.#newUnit(unit, {}),
          );
    return {
      items: values.map((value, i) => ({ value, mapped: mapped?.[i], url, fetchedAt })),
      ...(units === undefined ? {} : { units }),
      ...(step.cursor === undefined ? {} : { cursor: parseJson(step.cursor) }),
      ...(step.end === undefined ? {} : { end: { by: step.end } }),
    };
  }

  #newUnit({ key, group, lane, input }: WirePlannedUnit, values: JsonObject): NewUnit {
    const { place, version } = this.#parts;
    return {
      key,
      lane: lane ?? place.name,
      group: toFileName(group ?? place.name),
      input: { input, for: values, ...(version === undefined ? {} : { version }) },
    };
  }

  /** Maps an item that comes from a raw file. */
  async #mapNow(item: RemoteItem, unit: Unit): Promise<JsonObject> {
    const { signal } = this.#closing;
    const { connection, about } = await this.#connected(signal);
    if (!about.hasMap) return item.value as JsonObject;
    const items = JSON.stringify([item.value]);
    const call = this.#call(signal);
    const text = await connection.run(call, () =>
      connection.rpc.request('map', { unit: wireUnit(unit), items }, 0),
    );
    const [mapped] = parseJson(text) as unknown as readonly Mapped[];
    return recordOf(mapped ?? { error: 'map gave nothing' });
  }

  #call(
    signal: AbortSignal,
    { forValues = noValues, stages }: Partial<Pick<CallOptions, 'forValues' | 'stages'>> = {},
  ): Call {
    const { timeoutMs } = this.#parts.config;
    return new Call({
      id: this.#nextCall++,
      signal: AbortSignal.any([signal, this.#closing.signal]),
      timeoutMs,
      forValues,
      stages,
      onSilence: (call) => void this.#onSilence(call),
    });
  }

  async #onSilence(call: Call): Promise<void> {
    const { place, config } = this.#parts;
    const seconds = config.timeoutMs / 1000;
    const waited = `${place.name} gave nothing for ${seconds} s (source.timeoutMs)`;
    const hint = 'Look for a loop or a promise that never ends.';
    await this.#connection?.onSilence(
      call,
      new UnitFailedError('SOURCE_STUCK', `${waited}. ${hint}`),
      { kind: 'crashed', code: 'SOURCE_HUNG', message: `${waited} and answers nothing. ${hint}` },
    );
  }

  async #connected(signal: AbortSignal): Promise<Connected> {
    this.#closing.signal.throwIfAborted();
    this.#connecting ??= this.#connect();
    return untilAborted(this.#connecting, AbortSignal.any([signal, this.#closing.signal]));
  }

  async #connect(): Promise<Connected> {
    try {
      const { config, place } = this.#parts;
      const options = await this.#expanded(config.options);
      const forget = (): void => {
        this.#connecting = undefined;
      };
      const { signal } = this.#closing;
      const connection = await Connection.open(place, this.#tools, this.#calls, forget, signal);
      this.#connection = connection;
      try {
        const call = this.#call(signal);
        const about = await this.#step(call, connection.describe(options as JsonObject, call));
        this.#about = about;
        return { connection, about };
      } catch (error) {
        await connection.close(error);
        throw error;
      }
    } catch (error) {
      this.#connecting = undefined;
      throw error;
    }
  }

  /** Options with their secrets in place. */
  async #expanded(value: JsonValue): Promise<JsonValue> {
    if (typeof value === 'string') return this.#client.expand(value);
    if (Array.isArray(value)) {
      return Promise.all(value.map((part: JsonValue) => this.#expanded(part)));
    }
    if (!isJsonObject(value)) return value;
    const entries = Object.entries(value).map(
      async ([key, part]) => [key, await this.#expanded(part)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Says once that the code is not what it was when the session's units were planned. */
  #tellChange(unit: Unit): void {
    const { version, place, context } = this.#parts;
    const planned = getKey(unit.input, 'version');
    if (this.#hasToldChange || version === undefined || planned === version) return;
    this.#hasToldChange = true;
    context.logger.warn(
      { source: place.name },
      `${place.name} has changed since this session planned its units: what is collected from here on is the work of the new code.`,
    );
  }
}

function wireUnit({ key, group, input }: Unit): WireUnit {
  return { key, group, input: getKey(input, 'input') ?? {}, for: forValuesOf(input) ?? {} };
}

function recordOf(mapped: Mapped): JsonObject {
  if ('error' in mapped) throw new Error(mapped.error);
  return mapped.record as JsonObject;
}

function noValues(): Promise<readonly object[]> {
  return Promise.resolve([]);
}

/** How long to wait before planning is tried again; undefined when trying again would give the same. */
function retryDelayMs(
  error: unknown,
  attempt: number,
  { attempts, baseMs, maxMs }: SourceContext['retry'],
): number | undefined {
  if (error instanceof ThrottledError) return error.delayMs;
  if (!(error instanceof RetryError) || attempt >= attempts) return undefined;
  return error.delayMs ?? Math.min(maxMs, baseMs * 2 ** (attempt - 1));
}

/** Without its units a session can do nothing: a person has to mend the code. */
function planFailed(error: unknown, name: string): PauseError {
  if (error instanceof PauseError) return error;
  const data = error instanceof CollectorError ? error.data : {};
  const code = error instanceof CollectorError ? error.code : 'SOURCE_THREW';
  return new PauseError(code, `${name} could not plan its units: ${messageOf(error)}`, data, {
    cause: error,
  });
}

function closedError(): RetryError {
  return new RetryError('SOURCE_CLOSED', 'The unit was ended because its source was closed.');
}

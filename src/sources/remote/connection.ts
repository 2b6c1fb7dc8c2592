import type { SourceAbout } from '../../core/customSource/wire.ts';
import type { JsonObject } from '../../core/json.ts';
import { messageOf, ThrottledError } from '../../core/errors.ts';
import { Rpc } from '../../protocol/rpc.ts';
import type { SourceRpc } from '../../protocol/customSource.ts';
import type { Call } from './call.ts';
import type { EngineTools } from './engineTools.ts';
import type { RemoteChannel, RemoteEnd, RemotePlace } from './place.ts';

/** How long one who is not busy may take to say so. */
const pingMs = 1_000;
/** How long the code may take for what it does at its end. */
const graceMs = 800;

/** What a call gets whose connection is over. */
export class ConnectionLost extends Error {
  readonly end: RemoteEnd;
  /** How many units were being collected in it. */
  readonly units: number;

  constructor(end: RemoteEnd, units: number) {
    super(end.kind === 'crashed' ? end.message : messageOf(end.error));
    this.end = end;
    this.units = units;
  }
}

/** A conversation with somebody's own source, from its description to its end. */
export class Connection {
  readonly rpc: SourceRpc;
  readonly #channel: RemoteChannel;
  readonly #calls: Map<number, Call>;
  readonly #units = new Set<Call>();
  readonly #onLost: (connection: Connection) => void;
  #lost: ConnectionLost | undefined;
  #isClosing = false;

  private constructor(
    channel: RemoteChannel,
    tools: EngineTools,
    calls: Map<number, Call>,
    onLost: (connection: Connection) => void,
  ) {
    this.#channel = channel;
    this.#calls = calls;
    this.#onLost = onLost;
    this.rpc = new Rpc({
      channel,
      handlers: tools.handlers(),
      onEvent: (_name, payload) => {
        tools.log(payload);
      },
    });
  }

  /**
   * @param calls the calls under way, by their numbers; kept up to date by the connection.
   * @param onLost it is over, and every call of it has been told.
   */
  static async open(
    place: RemotePlace,
    tools: EngineTools,
    calls: Map<number, Call>,
    onLost: (connection: Connection) => void,
    signal: AbortSignal,
  ): Promise<Connection> {
    const channel = await place.connect(signal);
    const connection = new Connection(channel, tools, calls, onLost);
    void channel.ended.then((end) => {
      connection.#fail(end);
    });
    return connection;
  }

  /** Gives the source its settings; it tells about itself. Nothing else may be asked before. */
  async describe(options: JsonObject, call: Call): Promise<SourceAbout> {
    return this.run(call, () => this.rpc.request('describe', { options }, 0));
  }

  /** Carries a call out to whatever end; `isUnit`: to blame when it breaks the connection. */
  begin(call: Call, isUnit: boolean): void {
    this.#calls.set(call.id, call);
    if (isUnit) this.#units.add(call);
    if (this.#lost !== undefined) call.interrupt(this.#lost);
  }

  /** A call that is one request. */
  async run<T>(call: Call, request: () => Promise<T>): Promise<T> {
    this.begin(call, false);
    try {
      return await call.wait(request());
    } finally {
      this.#forget(call);
    }
  }

  /** A call has ended. @param isOver whether the other side knows. */
  finish(call: Call, isOver: boolean): void {
    this.#forget(call);
    if (isOver || this.#lost !== undefined) return;
    if (this.#isClosing) return;
    this.rpc.request('end', { call: call.id }, graceMs).catch(() => this.#onUnwilling());
  }

  /**
   * A call has got nothing for as long as its time limit.
   *
   * @param silent what it is told where everything else goes on.
   * @param hung why the connection is over where nothing does.
   */
  async onSilence(call: Call, silent: unknown, hung: RemoteEnd): Promise<void> {
    const isBusy = await this.#isBusy();
    if (this.#lost !== undefined) return;
    if (!isBusy || this.#channel.kill === undefined) {
      call.interrupt(silent);
      return;
    }
    this.#fail(hung);
    await this.#channel.kill();
  }

  /** Ends everything that still runs; what does not end by itself is ended where that can be done. */
  async close(error: unknown): Promise<void> {
    this.#isClosing = true;
    const calls = [...this.#calls.values()];
    const endings = calls.map(({ id }) => this.rpc.request('end', { call: id }, graceMs));
    for (const call of calls) call.interrupt(error);
    await Promise.allSettled(endings);
    this.rpc.close('The source was closed');
    await this.#channel.close();
  }

  /** A call that was ended goes on: in code that does not look at its signal, or that lets nothing else run. */
  async #onUnwilling(): Promise<void> {
    if (this.#channel.kill === undefined) return;
    if (this.#calls.size > 0 && !(await this.#isBusy())) return;
    if (this.#lost !== undefined || this.#isClosing) return;
    const message = 'The code was ended: it did not stop when asked.';
    this.#fail({ kind: 'gone', error: new ThrottledError('SOURCE_RESTARTED', message, 0) });
    await this.#channel.kill();
  }

  #isBusy(): Promise<boolean> {
    return this.rpc.request('ping', null, pingMs).then(
      () => false,
      () => true,
    );
  }

  #forget(call: Call): void {
    call.end();
    this.#calls.delete(call.id);
    this.#units.delete(call);
  }

  #fail(end: RemoteEnd): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLost(end, this.#units.size);
    for (const call of this.#calls.values()) call.interrupt(this.#lost);
    this.rpc.close(this.#lost.message);
    this.#onLost(this);
  }
}

import type { PlaceOf } from '../core/customSource/failures.ts';
import { SourceServer } from '../core/customSource/server.ts';
import type {
  SourceCommands,
  SourceNotes,
  SourceRequests,
  ToolRequests,
} from '../core/customSource/wire.ts';
import { Rpc, type RequestParams, type RpcChannel } from './rpc.ts';

/** The engine's end of a conversation with somebody's own source. */
export type SourceRpc = Rpc<ToolRequests, SourceRequests, SourceNotes, SourceCommands>;

/**
 * Runs somebody's own source at the word of the engine at the other end of a channel.
 *
 * @param options.load gives the source; called when it is needed first.
 * @returns ends what still runs, and the conversation.
 */
export function serveSource(options: {
  readonly channel: RpcChannel;
  readonly load: () => Promise<unknown>;
  readonly placeOf: PlaceOf;
}): () => Promise<void> {
  const server = new SourceServer({
    load: options.load,
    placeOf: options.placeOf,
    nowMs: () => performance.now(),
    engine: {
      // The engine answers each, or ends the call.
      ask: <K extends keyof ToolRequests>(name: K, params: ToolRequests[K]['params']) =>
        rpc.request(name, params as RequestParams<ToolRequests, K>, 0) as Promise<
          ToolRequests[K]['result']
        >,
      tell: (name, payload) => {
        rpc.emit(name, payload);
      },
    },
  });
  const rpc: Rpc<SourceRequests, ToolRequests, SourceCommands, SourceNotes> = new Rpc<
    SourceRequests,
    ToolRequests,
    SourceCommands,
    SourceNotes
  >({
    channel: options.channel,
    handlers: server.handlers(),
    onEvent: (name, payload) => {
      server.command(name, payload);
    },
  });
  return async () => {
    rpc.close('The source was closed');
    await server.close();
  };
}

import type { CollectorError } from '../../core/errors.ts';
import type { RpcChannel } from '../../protocol/rpc.ts';

/** Where somebody's own source runs: a worker of its own, another extension. */
export interface RemotePlace {
  /** What it is called in messages: "source.mjs". */
  readonly name: string;
  /** Where its items are from when nothing was fetched for them. A whole URL. */
  readonly url: string;
  /**
   * Makes the connection; asked again after one has ended.
   *
   * @throws CollectorError when there is nobody; the signal's reason as soon as it is aborted.
   */
  connect(signal: AbortSignal): Promise<RemoteChannel>;
}

/** A connection to such a place. */
export interface RemoteChannel extends RpcChannel {
  /** Resolves when it is over without having been closed. */
  readonly ended: Promise<RemoteEnd>;
  /** Ends what runs there, whatever it does; left out where that can't be done. */
  kill?(): Promise<void>;
  /** Ends the connection, and with it what runs only for it. */
  close(): Promise<void>;
}

/** Why a connection is over. */
export type RemoteEnd =
  /** What ran there broke it: one of the calls under way is to blame. */
  | { readonly kind: 'crashed'; readonly code: string; readonly message: string }
  /** It was taken away: no call is to blame. */
  | { readonly kind: 'gone'; readonly error: CollectorError };

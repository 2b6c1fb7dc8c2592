import type { Handlers, RpcChannel } from '../../protocol/rpc.ts';
import type { HostEvents, HostRequests, WorkerEvents } from '../../protocol/worker.ts';

/**
 * Begins a conversation with a source of another extension.
 *
 * @param onGone the source was taken away.
 * @returns ends the conversation.
 */
export type OpenSource = (
  id: string,
  channel: RpcChannel,
  onGone: (reason: string) => void,
) => Promise<() => void>;

interface Link {
  listener: ((message: unknown) => void) | undefined;
  end: (() => void) | undefined;
}

/** The host's ends of the engine's conversations with sources of other extensions. */
export class SourceLinks {
  readonly #open: OpenSource;
  readonly #tell: <K extends keyof HostEvents>(name: K, payload: HostEvents[K]) => void;
  readonly #links = new Map<number, Link>();

  constructor(
    open: OpenSource,
    tell: <K extends keyof HostEvents>(name: K, payload: HostEvents[K]) => void,
  ) {
    this.#open = open;
    this.#tell = tell;
  }

  handlers(): Pick<Handlers<HostRequests>, 'openSource' | 'closeSource'> {
    return {
      openSource: async ({ link, id }) => {
        await this.#openLink(link, id);
        return null;
      },
      closeSource: async ({ link }) => {
        this.#close(link);
        return null;
      },
    };
  }

  /** The engine's word in a conversation. */
  receive({ link, message }: WorkerEvents['sourceMessage']): void {
    this.#links.get(link)?.listener?.(message);
  }

  /** Ends all conversations: there is no engine any more. */
  close(): void {
    for (const link of this.#links.keys()) this.#close(link);
  }

  async #openLink(link: number, id: string): Promise<void> {
    const own: Link = { listener: undefined, end: undefined };
    this.#links.set(link, own);
    const channel: RpcChannel = {
      post: (message) => {
        if (this.#links.has(link)) this.#tell('sourceMessage', { link, message });
      },
      listen: (listener) => {
        own.listener = listener;
        return () => {
          own.listener = undefined;
        };
      },
    };
    try {
      own.end = await this.#open(id, channel, (reason) => {
        if (this.#links.delete(link)) this.#tell('sourceGone', { link, reason });
      });
    } catch (error) {
      this.#links.delete(link);
      throw error;
    }
    // The engine may have lost interest while the extension was started.
    if (!this.#links.has(link)) own.end();
  }

  #close(link: number): void {
    const own = this.#links.get(link);
    this.#links.delete(link);
    own?.end?.();
  }
}

import { codeOf, messageOf, PauseError } from '../core/errors.ts';
import type { HostRequests, HostEvents, WorkerEvents } from '../protocol/worker.ts';
import type { RemoteChannel, RemoteEnd } from '../sources/remote/place.ts';

/** An extension may have to be started first. */
const openMs = 60_000;

/** What the links need of the host. */
interface LinkHost {
  openSource(params: HostRequests['openSource']['params'], timeoutMs: number): Promise<null>;
  closeSource(params: HostRequests['closeSource']['params']): Promise<null>;
  emit(name: 'sourceMessage', payload: WorkerEvents['sourceMessage']): void;
}

interface Link {
  listener: ((message: unknown) => void) | undefined;
  readonly end: (end: RemoteEnd) => void;
}

/** The worker's ends of its conversations with sources of other extensions, which the host passes on. */
export class ExtensionLinks {
  readonly #host: LinkHost;
  readonly #links = new Map<number, Link>();
  #nextLink = 1;

  constructor(host: LinkHost) {
    this.#host = host;
  }

  /**
   * Opens a conversation.
   *
   * @throws PauseError naming the extension when it, or its source, is not there; the signal's reason.
   */
  async open(id: string, signal: AbortSignal): Promise<RemoteChannel> {
    signal.throwIfAborted();
    const link = this.#nextLink++;
    const ended = Promise.withResolvers<RemoteEnd>();
    const own: Link = { listener: undefined, end: ended.resolve };
    this.#links.set(link, own);
    const close = async (): Promise<void> => {
      if (!this.#links.delete(link)) return;
      // A host that is gone has closed it.
      await this.#host.closeSource({ link }).catch(() => undefined);
    };
    try {
      await this.#opened(link, id, signal);
    } catch (error) {
      await close();
      signal.throwIfAborted();
      throw new PauseError(codeOf(error), messageOf(error), { id });
    }
    return {
      ended: ended.promise,
      close,
      post: (message) => {
        this.#host.emit('sourceMessage', { link, message });
      },
      listen: (listener) => {
        own.listener = listener;
        return () => {
          own.listener = undefined;
        };
      },
    };
  }

  /** Something that the host has told. */
  receive<K extends keyof HostEvents>(name: K, payload: HostEvents[K]): void {
    const link = this.#links.get(payload.link);
    if (link === undefined) return;
    if ('message' in payload && name === 'sourceMessage') link.listener?.(payload.message);
    else if ('reason' in payload) {
      this.#links.delete(payload.link);
      link.end({ kind: 'gone', error: new PauseError('EXTENSION_SOURCE_GONE', payload.reason) });
    }
  }

  async #opened(link: number, id: string, signal: AbortSignal): Promise<void> {
    const opening = this.#host.openSource({ link, id }, openMs);
    await new Promise<unknown>((resolve, reject) => {
      const onAbort = (): void => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      opening.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', onAbort);
      });
    });
  }
}

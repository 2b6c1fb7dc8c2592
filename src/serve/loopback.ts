import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SampleServerName } from '../core/samples.ts';

/** One request that a loopback server has seen. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** How a loopback server is started. */
export interface LoopbackOptions {
  /** Port to listen on; 0, which is the default, lets the system choose. */
  readonly port?: number;
  /** Every response waits this long, so that a person can watch records arrive. Default 0. */
  readonly delayMs?: number;
}

/** What a sample server's answers call it: how one window knows another's. */
export function sampleServerTitle(server: SampleServerName): string {
  return `cf-collector-sample-${server}`;
}

/** A running loopback server. */
export interface LoopbackServer {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string;
  /** The requests so far, oldest first; only the newest 10,000 are kept. */
  readonly requests: readonly SeenRequest[];
  /** From here on every response waits this long. */
  setDelay(delayMs: number): void;
  /** Stops listening and ends every connection. May be called again. */
  close(): Promise<void>;
}

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** Waits this long beside the server's own `delayMs`. */
  readonly delayMs?: number;
  /** Called when all of it is on its way. */
  readonly onSent?: () => void;
}

const requestsKept = 10_000;

/**
 * Serves on 127.0.0.1 only. `answer` makes the reply to a GET of a URL; HEAD gets the same without its body, other
 * methods get 405.
 *
 * @throws when the port is taken.
 */
export async function serveLoopback(
  options: LoopbackOptions & { readonly server?: SampleServerName },
  answer: (url: URL, headers: IncomingHttpHeaders) => Reply | Promise<Reply>,
): Promise<LoopbackServer> {
  const requests: SeenRequest[] = [];
  let serverDelayMs = options.delayMs ?? 0;
  const delayed = new Set<NodeJS.Timeout>();

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const method = request.method ?? 'GET';
    const target = request.url ?? '/';
    requests.push({ method, url: target, at: Date.now() });
    if (requests.length > requestsKept) requests.shift();
    const reply = replyTo(request);
    if (reply instanceof Promise) {
      const broken: Reply = { status: 500, body: 'The answer could not be made.\n' };
      void reply.then(respond, () => {
        respond(broken);
      });
    } else {
      respond(reply);
    }

    function respond(made: Reply): void {
      if (options.server !== undefined) {
        response.setHeader('server', sampleServerTitle(options.server));
      }
      const send = () => {
        sendReply(response, method, made);
      };
      const delayMs = serverDelayMs + (made.delayMs ?? 0);
      if (delayMs <= 0) {
        send();
        return;
      }
      const timer = setTimeout(() => {
        delayed.delete(timer);
        send();
      }, delayMs);
      delayed.add(timer);
    }
  }

  function replyTo(request: IncomingMessage): Reply | Promise<Reply> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, headers: { allow: 'GET, HEAD' }, body: '' };
    }
    const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
    return url === null
      ? { status: 400, body: 'Bad request target' }
      : answer(url, request.headers);
  }

  const server = createServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;

  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    setDelay: (delayMs) => {
      serverDelayMs = delayMs;
    },
    close: () => {
      closing ??= new Promise((resolve) => {
        for (const timer of delayed) clearTimeout(timer);
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

function sendReply(response: ServerResponse, method: string, reply: Reply): void {
  if (reply.onSent !== undefined) response.once('finish', reply.onSent);
  response.writeHead(reply.status, {
    'content-type': 'text/plain; charset=utf-8',
    ...reply.headers,
    'content-length': Buffer.byteLength(reply.body),
  });
  response.end(method === 'HEAD' ? undefined : reply.body);
}

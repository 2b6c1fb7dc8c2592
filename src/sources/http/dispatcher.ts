import * as tls from 'node:tls';
import { Agent, EnvHttpProxyAgent, Pool, ProxyAgent, type Dispatcher } from 'undici';

/** The way to the network. */
export interface DispatcherOptions {
  /** The collection's own proxy: for every host. */
  readonly proxy: string | undefined;
  /** The editor's proxy: for every host but loopback and those of NO_PROXY. */
  readonly editorProxy: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
}

/** Longest wait for a connection, as in undici. */
const connectMs = 10_000;
const loopback = 'localhost,127.0.0.1,[::1]';

/**
 * Connections, kept alive, one pool for each origin: through the collection's proxy, else the editor's, else the
 * environment's (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`), else direct.
 *
 * @throws TypeError when a proxy is no URL.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const connect = { timeout: Math.min(connectMs, options.timeoutMs) };
  const { proxy, editorProxy, environment } = options;
  if (proxy !== undefined) return new ProxyAgent({ uri: proxy, ...proxied(connect) });
  const variable = (name: string): string =>
    environment[name.toLowerCase()] ?? environment[name] ?? '';
  const httpProxy = editorProxy ?? variable('HTTP_PROXY');
  const httpsProxy = editorProxy ?? variable('HTTPS_PROXY');
  if (httpProxy !== '' || httpsProxy !== '') {
    const except = variable('NO_PROXY');
    return new EnvHttpProxyAgent({
      httpProxy,
      httpsProxy,
      noProxy: editorProxy === undefined ? except : `${loopback},${except}`,
      ...proxied(connect),
    });
  }
  return new Agent({
    connect,
    // The certificates of the system take 70 ms to read: only for whoever speaks TLS.
    factory: (origin, poolOptions) =>
      new Pool(origin, {
        ...poolOptions,
        connect: new URL(origin).protocol === 'https:' ? trusting(connect) : connect,
      }),
  });
}

function proxied(connect: { timeout: number }) {
  const trusted = trusting(connect);
  // Plain HTTP is asked of the proxy itself: many refuse a tunnel to port 80.
  return { proxyTunnel: false, connect: trusted, requestTls: trusted, proxyTls: trusted };
}

function trusting(connect: { timeout: number }) {
  return { ...connect, secureContext: systemContext() };
}

let cachedContext: tls.SecureContext | undefined;

/** Trusts what Node trusts (with NODE_EXTRA_CA_CERTS) and what the system trusts. */
function systemContext(): tls.SecureContext {
  cachedContext ??= tls.createSecureContext(trustedCertificates());
  return cachedContext;
}

function trustedCertificates(): tls.SecureContextOptions {
  // Node before 22.15 cannot read the system's.
  if (typeof tls.getCACertificates !== 'function') return {};
  const all = [...tls.getCACertificates('default'), ...tls.getCACertificates('system')];
  return { ca: [...new Set(all)] };
}

import * as tls from 'node:tls';
import type { Dispatcher, Pool as UndiciPool } from 'undici';
import { Agent, EnvHttpProxyAgent, Pool, ProxyAgent } from './undici.ts';
import type { NetworkSettings } from '../source.ts';
import { proxySettings } from './proxySettings.ts';

/** The way to the network. */
export interface DispatcherOptions {
  /** The collection's own proxy: for every host. */
  readonly proxy: string | undefined;
  readonly network: NetworkSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Connections to one origin at once. */
  readonly connections: number;
}

/** Longest wait for a connection, as in undici. */
const connectMs = 10_000;
/**
 * Connections, kept alive, one pool for each origin: through the collection's proxy, else the editor's, else the
 * environment's (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`), else direct.
 *
 * @throws TypeError when a proxy is no URL.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { proxy, network, environment, connections } = options;
  const connect = {
    timeout: Math.min(connectMs, options.timeoutMs),
    rejectUnauthorized: network.strictSsl !== false,
  };
  const trusting = (): typeof connect & { secureContext: tls.SecureContext } => ({
    ...connect,
    secureContext: secureContext(network.systemCertificates !== false),
  });
  const proxied = () => {
    const trusted = trusting();
    // Plain HTTP is asked of the proxy itself: many refuse a tunnel to port 80.
    const proxyTunnel = false;
    return { connections, proxyTunnel, connect: trusted, requestTls: trusted, proxyTls: trusted };
  };
  if (proxy !== undefined) return new ProxyAgent({ uri: proxy, ...proxied() });

  const { httpProxy, httpsProxy, noProxy } = proxySettings(undefined, network, environment);
  if (httpProxy !== '' || httpsProxy !== '') {
    return new EnvHttpProxyAgent({
      httpProxy,
      httpsProxy,
      noProxy: noProxy.join(','),
      ...proxied(),
    });
  }
  return new Agent({
    connect,
    connections,
    // The certificates of the system take 70 ms to read: only for whoever speaks TLS.
    factory: (origin, poolOptions) =>
      new Pool(origin, {
        ...(poolOptions as UndiciPool.Options),
        connect: new URL(origin).protocol === 'https:' ? trusting() : connect,
      }),
  });
}

const contexts = new Map<boolean, tls.SecureContext>();

/** Trusts what Node trusts (with NODE_EXTRA_CA_CERTS) and, if it is asked to, what the system trusts. */
function secureContext(withSystem: boolean): tls.SecureContext {
  let context = contexts.get(withSystem);
  if (context === undefined) {
    context = tls.createSecureContext(withSystem ? trustedCertificates() : {});
    contexts.set(withSystem, context);
  }
  return context;
}

function trustedCertificates(): tls.SecureContextOptions {
  // Node before 22.15 cannot read the system's.
  if (typeof tls.getCACertificates !== 'function') return {};
  const all = [...tls.getCACertificates('default'), ...tls.getCACertificates('system')];
  return { ca: [...new Set(all)] };
}

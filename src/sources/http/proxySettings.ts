import type { NetworkSettings } from '../source.ts';

/** The way to the network, as far as proxies go. */
export interface ProxyChoice {
  /** For http URLs; '' for none. */
  readonly httpProxy: string;
  /** For https URLs; '' for none. */
  readonly httpsProxy: string;
  /** Hosts that are reached without. */
  readonly noProxy: readonly string[];
}

/** Reached without the editor's proxy, as the editor itself does. */
const loopback = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The collection's proxy, for every host; else the editor's; else the environment's (`HTTP_PROXY`, `HTTPS_PROXY`,
 * `NO_PROXY`); else none.
 */
export function proxySettings(
  own: string | undefined,
  network: NetworkSettings,
  environment: Readonly<Record<string, string | undefined>>,
): ProxyChoice {
  if (own !== undefined) return { httpProxy: own, httpsProxy: own, noProxy: [] };
  const variable = (name: string): string =>
    environment[name.toLowerCase()] ?? environment[name] ?? '';
  const except = network.proxy === undefined ? [] : [...loopback, ...(network.noProxy ?? [])];
  return {
    httpProxy: network.proxy ?? variable('HTTP_PROXY'),
    httpsProxy: network.proxy ?? variable('HTTPS_PROXY'),
    noProxy: [...variable('NO_PROXY').split(','), ...except]
      .map((host) => host.trim())
      .filter((host) => host !== ''),
  };
}

import type { PageSourceConfig } from '../../core/config/htmlSource.ts';
import { canonicalUrl, type CanonicalUrl } from './canonicalUrl.ts';
import { compileRegex } from './regex.ts';
import { rootHosts } from './roots.ts';

/** Why a URL is not visited. */
export interface Refusal {
  readonly code:
    | 'HOST_OUT_OF_SCOPE'
    | 'URL_NOT_INCLUDED'
    | 'URL_EXCLUDED'
    | 'URL_TOO_LONG'
    | 'URL_TRAP'
    | 'TOO_DEEP';
  readonly message: string;
}

/** How often the same path segments may follow each other: /a/a/a is a page, /a/a/a/a is a crawler trap. */
const maxRepeatedSegments = 3;

/** Stands for every host in `scope.hosts`. */
export const anyHost = '*';

/** What may be visited, as the collection's `scope` says it. */
export class Scope {
  /** Hosts of start pages come from a file, and nothing else says where to go: links stay on their page's own host. */
  readonly isOwnHostOnly: boolean;
  readonly #hosts: ReadonlySet<string>;
  readonly #isAnyHost: boolean;
  readonly #include: readonly RegExp[];
  readonly #exclude: readonly RegExp[];
  readonly #maxUrlLength: number;
  readonly #maxDepth: number;

  /** @throws SyntaxError for a regular expression that does not compile; `checkPageConfig` says which. */
  constructor(config: PageSourceConfig) {
    const { scope } = config;
    const roots = rootHosts(config);
    this.#hosts = new Set(scope.hosts?.map(hostName) ?? roots.hosts);
    this.#isAnyHost = scope.hosts?.includes(anyHost) === true;
    this.isOwnHostOnly = scope.hosts === undefined && roots.isOpen;
    this.#include = scope.include.map(compileRegex);
    this.#exclude = scope.exclude.map(compileRegex);
    this.#maxUrlLength = scope.maxUrlLength;
    this.#maxDepth = scope.maxDepth ?? Number.POSITIVE_INFINITY;
  }

  /** Why pages that many links away from a start page are not visited; undefined when they are. */
  refuseDepth(depth: number): Refusal | undefined {
    if (depth <= this.#maxDepth) return undefined;
    return {
      code: 'TOO_DEEP',
      message: `${depth} links away from a start page; source.scope.maxDepth is ${this.#maxDepth}.`,
    };
  }

  /**
   * Why nothing of this host is visited; undefined when it may be.
   *
   * @param from host of the page that leads there.
   */
  refuseHost({ url, host }: CanonicalUrl, from?: string): Refusal | undefined {
    if (this.#isAnyHost || this.#hosts.has(host)) return undefined;
    if (this.isOwnHostOnly) {
      if (from === undefined || from === host) return undefined;
      const message = `${url} is on ${host}, and not on ${from} as the page that leads there. Name hosts in source.scope.hosts.`;
      return { code: 'HOST_OUT_OF_SCOPE', message };
    }
    return {
      code: 'HOST_OUT_OF_SCOPE',
      message: `${url} is on ${host}, which source.scope.hosts does not have.`,
    };
  }

  /** Whether a host that a page loads something from may get what is meant for the collection's own hosts. */
  isHome(host: string, pageHost: string): boolean {
    return host === pageHost || this.#hosts.has(host);
  }

  /**
   * Why a page is not visited; undefined when it is in scope.
   *
   * @param named a person named the page, or it stands for one that was named: `include` does not apply to it.
   * @param from host of the page that leads there.
   */
  refuse(target: CanonicalUrl, named = false, from?: string): Refusal | undefined {
    const { url } = target;
    const refusal = this.refuseHost(target, from);
    if (refusal !== undefined) return refusal;
    if (url.length > this.#maxUrlLength) {
      return {
        code: 'URL_TOO_LONG',
        message: `${url.slice(0, 200)}… has ${url.length} characters; source.scope.maxUrlLength is ${this.#maxUrlLength}.`,
      };
    }
    const exclude = this.#exclude.find((pattern) => pattern.test(url));
    if (exclude !== undefined) {
      return {
        code: 'URL_EXCLUDED',
        message: `${url} matches ${exclude.source} of source.scope.exclude.`,
      };
    }
    if (!named && this.#include.length > 0 && !this.#include.some((pattern) => pattern.test(url))) {
      return { code: 'URL_NOT_INCLUDED', message: `${url} matches none of source.scope.include.` };
    }
    if (repeatsSegments(url)) {
      return {
        code: 'URL_TRAP',
        message: `${url} repeats the same path segments more than ${maxRepeatedSegments} times.`,
      };
    }
    return undefined;
  }
}

/**
 * A host as `scope.hosts` may give it, in the form of {@link CanonicalUrl.host}; null when it is none. `example.com`,
 * `example.com:80` and `example.com:443` are the same: http and https of one site.
 */
export function parseHost(text: string): string | null {
  if (/[/?#@\s]/.test(text)) return null;
  return canonicalUrl(`http://${text}`)?.host.replace(/:443$/, '') ?? null;
}

function hostName(text: string): string {
  return parseHost(text) ?? text;
}

/** Whether a run of path segments comes more than {@link maxRepeatedSegments} times in a row: /a/b/a/b/a/b/a/b. */
function repeatsSegments(url: string): boolean {
  const path = url.indexOf('/', url.indexOf('//') + 2);
  const query = url.indexOf('?', path);
  const segments = url.slice(path + 1, query === -1 ? undefined : query).split('/');
  const longest = Math.floor(segments.length / (maxRepeatedSegments + 1));
  for (let period = 1; period <= longest; period++) {
    let equal = 0;
    for (let i = period; i < segments.length; i++) {
      equal = segments[i] === segments[i - period] && segments[i] !== '' ? equal + 1 : 0;
      if (equal >= period * maxRepeatedSegments) return true;
    }
  }
  return false;
}

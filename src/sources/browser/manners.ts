import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import type { BrowserSourceConfig } from '../../core/config/browserSource.ts';
import { messageOf, PauseError } from '../../core/errors.ts';
import { isJsonObject, parseJson, type JsonValue } from '../../core/json.ts';
import { version } from '../../core/version.ts';
import { proxySettings } from '../http/proxySettings.ts';
import type { SourceContext } from '../source.ts';
import { secretNames } from '../text/secrets.ts';
import type { ProxySettings } from './launchBrowser.ts';

/** Puts secrets into a text that the collection's author wrote. */
export type Expand = (text: string, encode?: (value: string) => string) => Promise<string>;

/** How pages are asked for: what the collection's `request` and `browser` say, with secrets in place. */
export interface Manners {
  readonly context: Omit<BrowserContextOptions, 'userAgent'>;
  /** Headers that only the collection's own hosts may get. */
  readonly homeHeaders: Readonly<Record<string, string>>;
  /** Cookies for the collection's own hosts. */
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
  /** The whole User-Agent; undefined: the browser's own and ours behind it. */
  readonly userAgent: string | undefined;
}

const credentialHeaders: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization']);

/**
 * Reads what pages are asked for with.
 *
 * @throws PauseError when a secret is not set, or the storage state is not there or is none.
 */
export async function readManners(
  config: BrowserSourceConfig,
  context: Pick<SourceContext, 'root' | 'network' | 'hide'>,
  expand: Expand,
): Promise<Manners> {
  const { request, browser } = config;
  const common: Record<string, string> = {};
  const homeHeaders: Record<string, string> = {};
  const cookies: { name: string; value: string }[] = [];
  let userAgent = request.userAgent;
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const key = name.toLowerCase();
    const expanded = await expand(value);
    if (key === 'user-agent') userAgent = expanded;
    else if (key === 'cookie') cookies.push(...cookiesIn(expanded));
    else if (credentialHeaders.has(key) || secretNames(value).length > 0)
      homeHeaders[key] = expanded;
    else common[key] = expanded;
  }
  for (const [name, value] of Object.entries(request.cookies ?? {}))
    cookies.push({ name, value: await expand(value) });
  const storageState =
    browser.storageState === undefined
      ? undefined
      : await readStorageState(path.resolve(context.root, browser.storageState));
  for (const value of tokensIn(storageState)) context.hide?.('storageState', value);
  return {
    context: {
      viewport: browser.viewport,
      acceptDownloads: false,
      // Their requests would pass by us.
      serviceWorkers: 'block',
      ignoreHTTPSErrors: context.network.strictSsl === false,
      extraHTTPHeaders: common,
      ...(browser.locale === undefined ? {} : { locale: browser.locale }),
      ...(browser.timezone === undefined ? {} : { timezoneId: browser.timezone }),
      ...(storageState === undefined ? {} : { storageState }),
    },
    homeHeaders,
    cookies,
    userAgent,
  };
}

/** The User-Agent of a browser: the one that the collection gives, else its own with our name behind it. */
export function userAgentFor(
  own: string,
  wanted: string | undefined,
  contact: string | undefined,
): string {
  return wanted ?? `${own} cf-collector/${version}${contact === undefined ? '' : ` (+${contact})`}`;
}

type StorageState = Exclude<NonNullable<BrowserContextOptions['storageState']>, string>;

/** Shorter values are choices, such as a language, and would be found in innocent words. */
const shortestToken = 16;

/** What a login is made of: whoever has one of these is signed in. */
function tokensIn(state: StorageState | undefined): string[] {
  const cookies = state?.cookies ?? [];
  const stored = (state?.origins ?? []).flatMap((origin) => origin.localStorage);
  return [...cookies, ...stored]
    .map(({ value }) => value)
    .filter((value) => value.length >= shortestToken && !/\s/.test(value));
}

async function readStorageState(file: string): Promise<StorageState> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new PauseError(
      'STORAGE_STATE_MISSING',
      `The storage state ${file} can't be read: ${messageOf(error)}. Sign in once with ` +
        `"npx playwright open --save-storage=FILE URL", then resume.`,
      { file },
    );
  }
  const state = tryParse(text);
  if (
    !isJsonObject(state) ||
    !Array.isArray(state['cookies']) ||
    !Array.isArray(state['origins'])
  ) {
    throw new PauseError(
      'STORAGE_STATE_INVALID',
      `${file} is no storage state of Playwright's: an object with "cookies" and "origins". Make it anew with ` +
        `"npx playwright open --save-storage=FILE URL", then resume.`,
      { file },
    );
  }
  return state as unknown as StorageState;
}

function tryParse(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function cookiesIn(header: string): { name: string; value: string }[] {
  return header.split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [{ name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim() }];
  });
}

/**
 * The browser's way to the network: the collection's proxy, else the editor's, else the environment's, else direct.
 *
 * @throws PauseError `PROXY_INVALID` when it is no URL.
 */
export async function readProxy(
  config: BrowserSourceConfig,
  { network }: Pick<SourceContext, 'network'>,
  expand: Expand,
): Promise<ProxySettings | undefined> {
  const { proxy } = config.request;
  const own = proxy === undefined ? undefined : await expand(proxy, encodeURIComponent);
  const { httpProxy, httpsProxy, noProxy } = proxySettings(own, network, process.env);
  if (httpProxy === '' && httpsProxy === '') return undefined;
  const server = URL.parse(httpsProxy === '' ? httpProxy : httpsProxy);
  if (server === null || (httpProxy !== '' && URL.parse(httpProxy) === null)) {
    // Without the text: it may hold a password.
    throw new PauseError(
      'PROXY_INVALID',
      'The proxy is no URL: correct request.proxy, the http.proxy setting, or HTTP_PROXY and HTTPS_PROXY.',
    );
  }
  if (httpProxy !== httpsProxy) {
    // Playwright knows one proxy for everything; Chromium can have one for each kind.
    const kinds = [
      httpProxy === '' ? [] : [`http=${new URL(httpProxy).host}`],
      httpsProxy === '' ? [] : [`https=${new URL(httpsProxy).host}`],
    ].flat();
    return {
      args: [`--proxy-server=${kinds.join(';')}`, `--proxy-bypass-list=${noProxy.join(';')}`],
    };
  }
  return {
    playwright: {
      server: `${server.protocol}//${server.host}`,
      ...(noProxy.length === 0 ? {} : { bypass: noProxy.join(',') }),
      ...(server.username === ''
        ? {}
        : {
            username: decodeURIComponent(server.username),
            password: decodeURIComponent(server.password),
          }),
    },
  };
}

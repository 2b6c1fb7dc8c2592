import type { RequestConfig } from '../../core/config/request.ts';
import { version } from '../../core/version.ts';
import { secretNames, type SecretText } from '../text/secrets.ts';
import { acceptEncoding } from './body.ts';

const credentialHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
]);

/** The headers of one kind of request, ready to be sent: name, value, name, value. */
interface HeaderSet {
  readonly byName: ReadonlyMap<string, string>;
  readonly flat: readonly string[];
}

/** What requests of a client are sent with: the collection's headers and cookies, with secrets in place. */
export class RequestHeaders {
  readonly #home: HeaderSet;
  /** For hosts that the collection does not name: without credentials. */
  readonly #away: HeaderSet;
  readonly #secrets: SecretText;
  /** The configured cookies; they go to the collection's own hosts. */
  readonly cookies: ReadonlyMap<string, string>;

  private constructor(
    home: ReadonlyMap<string, string>,
    away: ReadonlyMap<string, string>,
    cookies: ReadonlyMap<string, string>,
    secrets: SecretText,
  ) {
    this.#home = { byName: home, flat: [...home].flat() };
    this.#away = { byName: away, flat: [...away].flat() };
    this.cookies = cookies;
    this.#secrets = secrets;
  }

  /**
   * Puts the secrets in place.
   *
   * @param options.defaults for what the collection has no header of its own.
   * @param options.contact for a collection without a contact of its own.
   * @throws PauseError when a secret is not set.
   */
  static async prepare(
    config: RequestConfig,
    options: {
      readonly defaults: Readonly<Record<string, string>>;
      readonly contact: string | undefined;
      readonly secrets: SecretText;
    },
  ): Promise<RequestHeaders> {
    const { defaults, secrets } = options;
    const home = new Map<string, string>();
    const away = new Map<string, string>();
    const contact = config.contact ?? options.contact;
    const agent = `cf-collector/${version}${contact === undefined ? '' : ` (+${contact})`}`;
    for (const [name, value] of [
      ['User-Agent', config.userAgent ?? agent],
      ['Accept', '*/*'],
      ['Accept-Encoding', acceptEncoding],
      ...Object.entries(defaults),
      ...Object.entries(config.headers ?? {}),
    ] as const) {
      const key = name.toLowerCase();
      home.set(key, await secrets.expand(value));
      if (credentialHeaders.has(key) || secretNames(value).length > 0) away.delete(key);
      else away.set(key, value);
    }
    const cookies = new Map<string, string>();
    for (const [name, value] of Object.entries(config.cookies ?? {}))
      cookies.set(name, await secrets.expand(value));
    return new RequestHeaders(home, away, cookies, secrets);
  }

  /**
   * The headers of one request.
   *
   * @param own the request's; they win.
   * @param cookie the `cookie` header; it wins over the configured one.
   */
  for(
    isAtHome: boolean,
    own: Readonly<Record<string, string>> | undefined,
    cookie: string | undefined,
  ): readonly string[] {
    const base = isAtHome ? this.#home : this.#away;
    if (own === undefined && cookie === undefined) return base.flat;
    const all = new Map(base.byName);
    for (const [name, value] of Object.entries(own ?? {})) {
      const key = name.toLowerCase();
      if (isAtHome || !this.#isCredential(key, value)) all.set(key, value);
    }
    if (cookie !== undefined) {
      const configured = all.get('cookie');
      all.set('cookie', configured === undefined ? cookie : `${configured}; ${cookie}`);
    }
    return [...all].flat();
  }

  #isCredential(key: string, value: string): boolean {
    return credentialHeaders.has(key) || this.#secrets.redact(value) !== value;
  }
}

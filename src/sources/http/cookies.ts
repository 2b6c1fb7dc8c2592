import type { CookieJar } from 'tough-cookie';

/** Cookies that hosts set, kept for the session. The jar is only loaded when the first one comes. */
export class Cookies {
  #jar: CookieJar | undefined;

  /** Keeps what a `set-cookie` header says; what does not fit the URL's host is ignored, as a browser does. */
  async store(url: string, setCookie: string | readonly string[]): Promise<void> {
    const { CookieJar } = await import('tough-cookie');
    this.#jar ??= new CookieJar(undefined, { looseMode: true });
    for (const cookie of typeof setCookie === 'string' ? [setCookie] : setCookie)
      await this.#jar.setCookie(cookie, url, { ignoreError: true });
  }

  /** The `cookie` header for a URL: `own` ones, and those that the host has set. Undefined without any. */
  header(url: string, own: ReadonlyMap<string, string>): string | undefined {
    if (this.#jar === undefined && own.size === 0) return undefined;
    const all = new Map(own);
    for (const cookie of this.#jar?.getCookiesSync(url) ?? []) all.set(cookie.key, cookie.value);
    if (all.size === 0) return undefined;
    return [...all].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

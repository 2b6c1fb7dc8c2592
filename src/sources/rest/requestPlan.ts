import type { RestSourceConfig } from '../../core/config/restSource.ts';
import { scalarText, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { HttpClient, HttpRequest } from '../http/client.ts';
import { parsePath, withValueAt } from '../text/jsonPath.ts';
import { encodePart as encode, renderJson, Template, urlEncoder } from '../text/template.ts';
import { secretNames } from '../text/secrets.ts';
import type { PageRequest } from './paginate/paginator.ts';

type Parts = Pick<HttpRequest, 'url' | 'method' | 'headers' | 'body' | 'withoutCredentials'>;

interface Parameter {
  readonly name: string;
  /** `name=value`, encoded. */
  readonly text: string;
  readonly isSecret: boolean;
}

const asIs = (text: string): string => text;

/** Header values with `{name}` in them: they differ from unit to unit and cannot be the client's. */
function templatedHeaders(config: RestSourceConfig): Readonly<Record<string, string>> {
  const headers = Object.entries(config.request.headers ?? {});
  return Object.fromEntries(headers.filter(([, value]) => isTemplate(value)));
}

/** The request settings without {@link templatedHeaders}. */
export function plainRequest(config: RestSourceConfig): RestSourceConfig['request'] {
  const headers = Object.entries(config.request.headers ?? {});
  return {
    ...config.request,
    headers: Object.fromEntries(headers.filter(([, value]) => !isTemplate(value))),
  };
}

/** The URL of a unit as it can be shown: with its values, secrets as names. Undefined when it is no URL. */
export function openUrl(config: RestSourceConfig, values: JsonObject): URL | undefined {
  const template = new Template(config.url);
  return URL.parse(template.renderOpen(values, urlEncoder(template))) ?? undefined;
}

/** What is sent for one unit: the parts that all its pages share, with values and secrets in place. */
export class RequestPlan {
  readonly #config: RestSourceConfig;
  readonly #client: HttpClient;
  readonly #origin: string;
  readonly #prefix: string;
  readonly #parameters: readonly Parameter[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #body: JsonValue | undefined;

  private constructor(
    config: RestSourceConfig,
    client: HttpClient,
    url: URL,
    parameters: readonly Parameter[],
    headers: Readonly<Record<string, string>>,
    body: JsonValue | undefined,
  ) {
    this.#config = config;
    this.#client = client;
    this.#origin = url.origin;
    this.#parameters = [...parametersOf(url, config.url), ...parameters];
    url.search = '';
    url.hash = '';
    this.#prefix = url.href;
    this.#headers = headers;
    this.#body = body;
  }

  /**
   * Makes the plan of a unit; undefined when its URL is none.
   *
   * @throws PauseError when a secret is not set.
   */
  static async make(
    config: RestSourceConfig,
    values: JsonObject,
    client: HttpClient,
  ): Promise<RequestPlan | undefined> {
    const expand = (text: string): Promise<string> => client.expand(text);
    const plain = { encode: asIs, expand };
    const template = new Template(config.url);
    const url = URL.parse(
      await template.render(values, {
        encode: urlEncoder(template),
        expand: (text) => client.expand(text, encode),
      }),
    );
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
    const parameters: Parameter[] = [];
    for (const [name, value] of Object.entries(config.query)) {
      const text = String(value);
      const rendered = await new Template(text).render(values, plain);
      parameters.push(parameter(name, rendered, secretNames(text).length > 0));
    }
    const body =
      config.body === undefined ? undefined : await renderJson(config.body, values, expand);
    const headers: Record<string, string> = {};
    if (body !== undefined && !hasHeader(config, 'content-type'))
      headers['content-type'] = 'application/json';
    for (const [name, value] of Object.entries(templatedHeaders(config)))
      headers[name.toLowerCase()] = await new Template(value).render(values, plain);
    return new RequestPlan(config, client, url, parameters, headers, body);
  }

  /** What to send for a page. */
  async page({ url, params }: PageRequest): Promise<Parts> {
    const { method } = this.#config;
    if (url !== undefined) return { method, ...(await this.#following(url)), ...this.#content() };
    return {
      method,
      url: this.#url(this.#isInBody ? undefined : params),
      ...this.#content(this.#isInBody ? params : undefined),
    };
  }

  /** A URL from an answer, for the journal: without secrets, and with nothing in it that looks like one. */
  toJournal(url: string): string {
    return this.#client.redact(url.replaceAll('${', '$%7B'));
  }

  get #isInBody(): boolean {
    return 'in' in this.#config.paginate && this.#config.paginate.in === 'body';
  }

  #url(params: JsonObject | undefined): string {
    const texts: string[] = [];
    for (const { name, text } of this.#parameters)
      if (params === undefined || !Object.hasOwn(params, name)) texts.push(text);
    for (const [name, value] of Object.entries(params ?? {}))
      texts.push(parameter(name, paramText(value), false).text);
    return texts.length === 0 ? this.#prefix : `${this.#prefix}?${texts.join('&')}`;
  }

  /**
   * The request for a URL that an answer gave. Where it stays with the API, secrets that our own URL has are put back,
   * and parameters with secrets that the API left out are added; where it leads elsewhere, no credentials go along.
   */
  async #following(journalled: string): Promise<Pick<Parts, 'url' | 'withoutCredentials'>> {
    const target = new URL(journalled);
    if (target.origin !== this.#origin) return { url: journalled, withoutCredentials: true };
    // Only toJournal puts names of secrets into a URL: where the API itself had the values.
    const text = await this.#client.expand(journalled, encode);
    const url = new URL(text);
    const missing = this.#parameters.filter((p) => p.isSecret && !url.searchParams.has(p.name));
    if (missing.length === 0) return { url: text };
    const glue = url.search === '' ? '?' : '&';
    return { url: text + glue + missing.map((p) => p.text).join('&') };
  }

  #content(params?: JsonObject): Pick<Parts, 'headers' | 'body'> {
    let body = this.#body;
    for (const [path, value] of Object.entries(params ?? {}))
      body = withValueAt(body, parsePath(path).map(String), value);
    const headers = this.#headers;
    return {
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
  }
}

function hasHeader(config: RestSourceConfig, name: string): boolean {
  return Object.keys(config.request.headers ?? {}).some((key) => key.toLowerCase() === name);
}

function isTemplate(text: string): boolean {
  const template = new Template(text);
  // `{{name}}` has no variable, but is not to be sent as it is written either.
  return template.names.length > 0 || template.renderOpen({}, asIs) !== text;
}

function parametersOf(url: URL, written: string): Parameter[] {
  if (url.search === '') return [];
  // As the author wrote it: the secrets in it are still names.
  const query = /\?([^#]*)/.exec(written)?.[1] ?? '';
  const secretNamed = new Set<string>();
  for (const [name, value] of new URLSearchParams(query))
    if (secretNames(value).length > 0) secretNamed.add(name);
  return url.search
    .slice(1)
    .split('&')
    .filter((text) => text !== '')
    .map((text) => {
      const [name = ''] = new URLSearchParams(text).keys();
      return { name, text, isSecret: secretNamed.has(name) };
    });
}

function parameter(name: string, value: string, isSecret: boolean): Parameter {
  return { name, text: `${encode(name)}=${encode(value)}`, isSecret };
}

function paramText(value: JsonValue): string {
  const text = scalarText(value);
  if (text === undefined) throw new Error('Only texts and numbers can go into a query');
  return text;
}

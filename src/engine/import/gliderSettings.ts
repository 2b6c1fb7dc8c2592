import { getKey, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { LeaveOut } from './gliderFields.ts';

const defaultRateLimit = 5;
const defaultConcurrency = 2;

/** How requests are made. */
export function mapRequest(config: JsonObject, leaveOut: LeaveOut): Record<string, JsonValue> {
  const request: Record<string, JsonValue> = {};
  const headers: Record<string, string> = {};
  if (isJsonObject(config['headers'])) {
    for (const [name, value] of Object.entries(config['headers'])) {
      if (typeof value === 'string') headers[name] = withSecrets(value);
    }
  }
  const bearer = bearerOf(config, leaveOut);
  if (bearer !== undefined) headers['Authorization'] = bearer;
  if (Object.keys(headers).length > 0) request['headers'] = headers;
  const proxy = proxyOf(config, leaveOut);
  if (proxy !== undefined) request['proxy'] = proxy;
  const seconds = numberOf(config, 'request_timeout');
  if (seconds !== undefined && seconds > 0) request['timeoutMs'] = Math.round(seconds * 1000);
  const policy = config['url_policy'];
  const redirects = isJsonObject(policy) ? numberOf(policy, 'max_redirects') : undefined;
  if (redirects !== undefined) request['maxRedirects'] = redirects;
  return request;
}

/** `${NAME}` was the environment's NAME; here it is the secret of that name. */
export function withSecrets(text: string): string {
  return text.replace(/\$\{(\w+)\}/g, '${secret:$1}');
}

function bearerOf(config: JsonObject, leaveOut: LeaveOut): string | undefined {
  const { authentication } = config;
  if (!isJsonObject(authentication)) return undefined;
  const token = textOf(authentication, 'client_secret');
  if (authentication['type'] !== 'bearer' || token === undefined) {
    leaveOut(
      'authentication',
      'signing in is not done: put a token as ${secret:NAME} into source.request.headers',
    );
    return undefined;
  }
  if (/^\$\{\w+\}$/.test(token)) return `Bearer ${withSecrets(token)}`;
  leaveOut(
    'authentication.client_secret',
    'a token does not belong into a file: set the secret GLIDER_TOKEN to it',
  );
  return 'Bearer ${secret:GLIDER_TOKEN}';
}

function proxyOf(config: JsonObject, leaveOut: LeaveOut): string | undefined {
  const [first, ...others] = textsOf(config['proxies']);
  for (const other of others) {
    leaveOut(`proxies: ${withoutPassword(other)}`, 'requests go through one proxy');
  }
  if (first === undefined) return undefined;
  const url = URL.parse(first);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '') return first;
  leaveOut(
    `proxies: ${withoutPassword(first)}`,
    url?.username === ''
      ? 'proxies are http or https'
      : 'a password does not belong into a file: set the proxy in the environment (HTTPS_PROXY) or in VS Code',
  );
  return undefined;
}

function withoutPassword(text: string): string {
  const url = URL.parse(text);
  return url === null ? text : url.host;
}

/** How hard to pull. */
export function mapLimits(config: JsonObject): JsonObject {
  const rate =
    numberOf(config, 'per_domain_rate_limit') ?? numberOf(config, 'rate_limit') ?? defaultRateLimit;
  // Only between pages, which list mode does not have.
  const delay =
    config['mode'] === 'list'
      ? 0
      : ((numberOf(config, 'min_delay') ?? 1) + (numberOf(config, 'max_delay') ?? 3)) / 2;
  const perSecond = delay > 0 ? Math.min(rate, 1 / delay) : rate;
  const concurrency = Math.max(1, numberOf(config, 'concurrency') ?? defaultConcurrency);
  return {
    concurrency,
    perHost: { concurrency, ratePerSecond: Math.round(perSecond * 1000) / 1000 },
  };
}

/** What tells records apart, and what they must have. */
export function mapRecord(config: JsonObject, leaveOut: LeaveOut): Record<string, JsonValue> {
  const record: Record<string, JsonValue> = {};
  const { dedup, validation } = config;
  if (isJsonObject(dedup) && dedup['mode'] === 'fields') {
    const key = textsOf(dedup['fields']);
    if (key.length > 0) record['key'] = key;
  }
  if (!isJsonObject(validation)) return record;
  const required = textsOf(validation['required_fields']);
  if (required.length > 0) {
    const properties = Object.fromEntries(
      required.map((name) => [name, { not: { type: 'null' } }]),
    );
    record['schema'] = { type: 'object', required, properties };
  }
  for (const name of ['min_records_per_page', 'fail_on_empty']) {
    if (isSet(validation[name]))
      leaveOut(`validation.${name}`, 'a page without records is no failure');
  }
  return record;
}

/** What happens after an error. */
export function mapRetry(config: JsonObject, leaveOut: LeaveOut): object {
  const retry = config['retry'];
  if (!isJsonObject(retry)) return {};
  const attempts = numberOf(retry, 'max_attempts');
  const base = numberOf(retry, 'base_delay_seconds');
  const max = numberOf(retry, 'max_delay_seconds');
  for (const name of ['retry_statuses', 'retry_after_cap_seconds']) {
    if (isSet(retry[name]))
      leaveOut(`retry.${name}`, 'which answers are tried again is not to be set');
  }
  return {
    retry: {
      ...(attempts === undefined ? {} : { attempts }),
      ...(base === undefined ? {} : { baseMs: Math.round(base * 1000) }),
      ...(max === undefined ? {} : { maxMs: Math.round(max * 1000) }),
    },
  };
}

/** Keys that are mapped above, and those that say what is so anyway. */
const mappedKeys: ReadonlySet<string> = new Set([
  'name',
  'base_url',
  'mode',
  'start_urls',
  'sitemap_urls',
  'min_delay',
  'max_delay',
  'proxies',
  'concurrency',
  'rate_limit',
  'per_domain_rate_limit',
  'respect_robots_txt',
  'use_checkpointing',
  'fields',
  'pagination',
  'response_type',
  'request_method',
  'request_body',
  'request_body_type',
  'record_field',
  'request_timeout',
  'headers',
  'authentication',
  'url_policy',
  'retry',
  'dedup',
  'validation',
  'debug_mode',
  'use_playwright',
  'wait_for_selector',
  'interactions',
  'interaction_failure_policy',
  'browser',
]);

const nested = 'fields of linked pages are not collected with the page that links';
const robots = 'robots.txt is kept for a day, and nothing is fetched while it is out of reach';

/** Keys that glider knows, and why nothing here does the same. */
const reasons: Readonly<Record<string, string>> = {
  cookies_file: 'copy the cookies to source.request.cookies',
  max_nested_urls: nested,
  max_depth: nested,
  fail_parent_on_nested_error: nested,
  append_json_suffix: nested,
  robots_ttl_seconds: robots,
  robots_failure_policy: robots,
  robots_max_origins: robots,
  proxy_failure_threshold: 'requests go through one proxy',
  proxy_cooldown: 'requests go through one proxy',
  debug_snapshots: 'pages in which something was not found are kept with debug.snapshots',
};

/** Tells of everything that no other part has mapped. */
export function leaveOutTheRest(config: JsonObject, isJson: boolean, leaveOut: LeaveOut): void {
  for (const [key, value] of Object.entries(config)) {
    if (mappedKeys.has(key) || !isSet(value)) continue;
    leaveOut(
      key,
      reasons[key] ??
        (key.startsWith('sitemap_') ? 'sitemaps are read whole' : 'unknown, also to glider'),
    );
  }
  if (!isJson && config['request_method'] === 'POST')
    leaveOut('request_method POST', 'pages are asked for with GET');
  const policy = config['url_policy'];
  for (const key of isJsonObject(policy) ? Object.keys(policy) : []) {
    if (key === 'allowed_domains' || key === 'max_redirects') continue;
    leaveOut(`url_policy.${key}`, 'source.scope says which hosts are visited');
  }
}

function isSet(value: JsonValue | undefined): boolean {
  const isEmpty = Array.isArray(value) && value.length === 0;
  return value !== undefined && value !== null && value !== false && !isEmpty;
}

/** A text that is not empty. */
export function textOf(config: JsonObject, name: string): string | undefined {
  const value = getKey(config, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The texts of a list. */
export function textsOf(value: JsonValue | undefined): string[] {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : [];
  return list.filter((item): item is string => typeof item === 'string' && item !== '');
}

/** A number. */
export function numberOf(config: JsonObject, name: string): number | undefined {
  const value = getKey(config, name);
  return typeof value === 'number' ? value : undefined;
}

import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { RetryError, ThrottledError, UnitFailedError } from '../../core/errors.ts';
import {
  getKey,
  isJsonObject,
  parseJson,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts';
import type { Logger } from '../../core/ports.ts';
import type { HttpResponse } from '../http/client.ts';
import { retryAfterMs } from '../http/retryAfter.ts';
import type { Select } from './select.ts';

/** Of a body that is not JSON, show this much. */
const excerptLength = 80;
/** Of an API's own words, show this much. */
const saidLength = 300;
/** Of an object's keys, name this many. */
const namedKeys = 20;

/** An answer with what is needed to speak about it. */
export interface Received {
  readonly response: HttpResponse;
  /** The URL that answered, without secrets. */
  readonly url: string;
  readonly redact: (text: string) => string;
}

/**
 * The JSON of an answer; null for one without a body (204).
 *
 * @throws RetryError for anything else: an error page, or JSON that breaks off, is most often gone the next time.
 */
export function readJson({ response, url, redact }: Received, logger: Logger): JsonValue {
  if (response.status === 204) return null;
  const text = decode(response, url, logger);
  try {
    return parseJson(text);
  } catch (error) {
    const start = text.slice(0, excerptLength * 4).replace(/[\p{Cc}\s]+/gu, ' ');
    throw new RetryError(
      'BODY_NOT_JSON',
      `${url} was answered ${response.status}, but not with JSON: "${redact(start.trim()).slice(0, excerptLength)}"`,
      { data: { url, status: response.status }, cause: error },
    );
  }
}

/**
 * The items of an answer.
 *
 * @param path how the collection writes where they are.
 * @param options.mayHaveNone the answer shows that it has no items where there is no list.
 * @throws ThrottledError when there are none but a `Retry-After` (MediaWiki's maxlag); UnitFailedError when there is no
 *   list at `path`, with the keys that are there.
 */
export async function readItems(
  body: JsonValue,
  path: string,
  select: Select,
  bindings: JsonObject,
  { response, url, redact }: Received,
  { nowMs, mayHaveNone }: { readonly nowMs: number; readonly mayHaveNone: boolean },
): Promise<readonly JsonValue[]> {
  if (response.status === 204) return [];
  let value: JsonValue | undefined;
  try {
    value = await select(body, () => bindings);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnitFailedError(
      'ITEMS_FAILED',
      `source.items fails on the answer of ${url}: ${reason}`,
      { url },
      error,
    );
  }
  if (Array.isArray(value)) return value as readonly JsonValue[];
  if (value === undefined && mayHaveNone) return [];
  const delayMs = retryAfterMs(response.header('retry-after'), nowMs);
  if (value === undefined && delayMs !== undefined && delayMs > 0) {
    throw new ThrottledError('API_BUSY', `${url} answers "not now".`, delayMs, { data: { url } });
  }
  const where = path === '' ? 'as the answer' : `at "${path}" in the answer`;
  const what = value === undefined ? 'nothing' : kindOf(value);
  throw new UnitFailedError(
    value === undefined ? 'ITEMS_MISSING' : 'ITEMS_NOT_A_LIST',
    `There is ${what} ${where} of ${url} where source.items wants a list. The answer is ${describe(body)}${saidBy(body, redact)}.`,
    { url, path },
  );
}

/** In words for people: "an object with the keys …". */
function describe(value: JsonValue): string {
  if (!isJsonObject(value)) return kindOf(value);
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an empty object';
  const named = keys.slice(0, namedKeys).map((key) => JSON.stringify(key.slice(0, 60)));
  return `an object with the keys ${named.join(', ')}${keys.length > namedKeys ? ', …' : ''}`;
}

/** What an API says when it fails with status 200: its own words help more than a path that leads nowhere. */
function saidBy(body: JsonValue, redact: (text: string) => string): string {
  if (!isJsonObject(body)) return '';
  const said = ['error', 'errors', 'message'].map((key) => getKey(body, key)).find(Boolean);
  if (said === undefined) return '';
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  return `; it says ${redact(text)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .slice(0, saidLength)}`;
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'an object';
  return typeof value === 'string'
    ? 'a text'
    : `a ${typeof value === 'object' ? 'number' : typeof value}`;
}

/** JSON is UTF-8, but some servers say that theirs is something else. */
function decode(response: HttpResponse, url: string, logger: Logger): string {
  const { body } = response;
  const isUtf16 = (body[0] === 0xff && body[1] === 0xfe) || (body[0] === 0xfe && body[1] === 0xff);
  if (!isUtf16 && isUtf8(body)) {
    const text = body.toString('utf8');
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  }
  const said = /charset="?([\w-]+)/i.exec(response.header('content-type') ?? '')?.[1];
  const charset = isUtf16 ? (body[0] === 0xff ? 'utf-16le' : 'utf-16be') : said;
  const decoder = decoderOf(charset);
  if (decoder !== undefined && decoder.encoding !== 'utf-8') return decoder.decode(body);
  logger.warn({ url }, 'The answer is not valid UTF-8: what is not became U+FFFD');
  return new TextDecoder().decode(body);
}

function decoderOf(charset: string | undefined): TextDecoder | undefined {
  if (charset === undefined) return undefined;
  try {
    return new TextDecoder(charset);
  } catch {
    return undefined;
  }
}

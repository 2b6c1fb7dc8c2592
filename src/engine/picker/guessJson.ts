import {
  getKey,
  isBigIntegerText,
  isJsonObject,
  toJsonLine,
  type JsonObject,
  type JsonValue,
} from '../../core/json.ts';
import type { AddressLook, GuessedField } from '../../core/picker.ts';
import { compilePath } from '../../sources/text/jsonPath.ts';
import { freeName } from './names.ts';
import { shorten } from './proposeField.ts';
import { suggestKey } from './studyPage.ts';

const maxFields = 12;
/** How deep a list, and how deep in an item a value is looked for. */
const maxDepth = 4;
/** Items that fields and keys are told from. */
const sampledItems = 100;

/** An answer of an API, as far as paging goes by it. */
export interface JsonAnswer {
  readonly url: string;
  readonly body: JsonValue;
  /** The `Link` header. */
  readonly link: string | undefined;
}

/** Where the list stands in an answer, what its items hold, and how the next page is had. */
export function guessJson({ url, body, link }: JsonAnswer): AddressLook {
  const list = findList(body);
  const objects = (list?.items ?? []).filter((item) => isJsonObject(item));
  const sample = objects.slice(0, sampledItems);
  const fields = guessFields(sample);
  const records = sample.map((item) =>
    Object.fromEntries(
      fields.map(({ name, field }) => [
        name,
        compilePath(typeof field === 'string' ? field : '')(item) ?? null,
      ]),
    ),
  );
  const key = records.length === 0 ? null : suggestKey(records);
  return {
    url,
    title: '',
    items: list?.path ?? null,
    count: list?.items.length ?? 0,
    fields,
    key: key === null ? null : [key],
    paginate: guessPaging(url, body, link),
    follow: [],
  };
}

interface FoundList {
  readonly path: string;
  readonly items: readonly JsonValue[];
}

/** The longest list of objects, the nearest to the top among those that are as long. */
function findList(body: JsonValue): FoundList | undefined {
  let best: FoundList | undefined;
  const look = (value: JsonValue, path: readonly string[]): void => {
    if (Array.isArray(value)) {
      const items = value as readonly JsonValue[];
      const holdsObjects =
        items.length > 0 && items.slice(0, 20).every((item) => isJsonObject(item));
      if (holdsObjects && items.length > (best?.items.length ?? 0)) {
        best = { path: joinPath(path), items };
      }
      return;
    }
    if (!isJsonObject(value) || path.length >= maxDepth) return;
    for (const [key, inner] of Object.entries(value)) look(inner, [...path, key]);
  };
  look(body, []);
  return best;
}

function guessFields(items: readonly JsonObject[]): GuessedField[] {
  const fields = new Map<string, GuessedField>();
  const look = (value: JsonValue, path: readonly string[]): void => {
    if (fields.size >= maxFields) return;
    if (isJsonObject(value) && !isBigIntegerText(value)) {
      if (path.length >= maxDepth - 1) return;
      for (const [key, inner] of Object.entries(value)) look(inner, [...path, key]);
      return;
    }
    const isList = Array.isArray(value);
    if (isList && (value.length === 0 || value.some((one: JsonValue) => isJsonObject(one)))) return;
    const text = joinPath(path);
    if (path.length === 0 || [...fields.values()].some(({ field }) => field === text)) return;
    const name = freeName(nameOf(path), new Set(fields.keys()));
    fields.set(name, { name, field: text, sample: shorten(toJsonLine(value)) });
  };
  // What the first leaves empty, another may tell.
  for (const item of items.slice(0, 10)) look(item, []);
  return [...fields.values()];
}

/** `user.login` as `user_login`, `createdAt` as `created_at`. */
function nameOf(path: readonly string[]): string {
  const name = path
    .slice(-2)
    .join('_')
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return name === '' ? 'field' : name;
}

function joinPath(path: readonly string[]): string {
  return path
    .map((key, i) =>
      /^[^.[\]]+$/.test(key) ? `${i === 0 ? '' : '.'}${key}` : `[${JSON.stringify(key)}]`,
    )
    .join('');
}

const cursorPaths = [
  ['next_cursor', 'cursor'],
  ['nextCursor', 'cursor'],
  ['meta.next_cursor', 'cursor'],
  ['meta.nextCursor', 'cursor'],
  ['cursor.next', 'cursor'],
  ['pagination.next_cursor', 'cursor'],
  ['response_metadata.next_cursor', 'cursor'],
  ['nextPageToken', 'pageToken'],
  ['next_page_token', 'page_token'],
] as const;
const nextPaths = [
  'next',
  'links.next',
  'info.next',
  'paging.next',
  '_links.next.href',
  'meta.next',
  'next_page_url',
  '["@odata.nextLink"]',
];
const totalPaths = [
  'total_pages',
  'totalPages',
  'pages',
  'info.pages',
  'meta.total_pages',
  'meta.last_page',
  'last_page',
  'pagination.total_pages',
];

/** How the next page is had, as far as the answer or the address tells. */
function guessPaging(
  url: string,
  body: JsonValue,
  link: string | undefined,
): Record<string, string | number> | null {
  if (link !== undefined && /;\s*rel="?next\b/i.test(link)) return { type: 'link' };
  const at = (path: string): JsonValue => compilePath(path)(body) ?? null;
  const next = nextPaths.find((path) => {
    const value = at(path);
    return typeof value === 'string' && URL.canParse(value, url) && /[/?]/.test(value);
  });
  if (next !== undefined) return { type: 'next', from: next };
  const cursor = cursorPaths.find(([path]) => {
    const value = at(path);
    return (typeof value === 'string' && value !== '') || typeof value === 'number';
  });
  if (cursor !== undefined) return { type: 'cursor', param: cursor[1], from: cursor[0] };
  const query = new URL(url).searchParams;
  const page = ['page', 'p', 'pageNumber', '_page'].find((name) => query.has(name));
  const totalPages = totalPaths.find((path) => typeof at(path) === 'number');
  if (
    page !== undefined ||
    totalPages !== undefined ||
    (isJsonObject(body) && typeof getKey(body, 'page') === 'number')
  ) {
    return {
      type: 'page',
      param: page ?? 'page',
      ...(totalPages === undefined ? {} : { totalPages }),
    };
  }
  const offset = ['offset', 'skip', 'start', '_start'].find((name) => query.has(name));
  const hasOffset = isJsonObject(body) && typeof getKey(body, 'offset') === 'number';
  const hasSkip = isJsonObject(body) && typeof getKey(body, 'skip') === 'number';
  if (offset !== undefined) return { type: 'offset', param: offset };
  if (hasOffset || hasSkip) return { type: 'offset', param: hasOffset ? 'offset' : 'skip' };
  return null;
}

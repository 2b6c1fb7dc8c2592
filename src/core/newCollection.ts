import { parse, type JSONPath } from 'jsonc-parser';
import { applyTextEdits, fieldJson, removeFromText, setInText } from './collectionEdit.ts';
import type { HtmlFieldConfig } from './config/htmlSource.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { limitNames, type LimitName } from './limits.ts';
import { isSafeFileName, toFileName } from './names.ts';
import type { AddressLook } from './picker.ts';
import { withName, type Template } from './templates.ts';

/** What a person has chosen for a new collection; what is left out stays as the template has it. */
export interface NewCollectionChoices {
  readonly name: string;
  /** What the template asks about, as it was typed. */
  readonly answer?: string;
  /** What was found at the address, where it was looked at. */
  readonly look?: AddressLook;
  /** Names of the fields that are kept, of the look's or else of the template's. */
  readonly fields?: readonly string[];
  /** Empty: the whole record, or its page's address. */
  readonly key?: readonly string[];
  /** null: no such limit. */
  readonly limits?: { readonly [K in LimitName]?: number | null };
}

/**
 * Makes the collection's text of a template's and of what a person has chosen. Its comments stay, and it is as valid as
 * the template was.
 */
export function makeCollection(
  template: Template,
  text: string,
  choices: NewCollectionChoices,
): string {
  const draft = new Draft(withName(text, choices.name));
  const { answer, look, key, limits } = choices;
  if (answer !== undefined && answer.trim() !== '')
    takeAnswer(draft, template, answer.trim(), look);
  if (look !== undefined) takeLook(draft, template, look);
  const kept = choices.fields;
  const fields = fieldsOf(draft.value(), look);
  if (fields !== undefined && (look !== undefined || kept !== undefined)) {
    const wanted = Object.entries(fields).filter(([name]) => kept?.includes(name) ?? true);
    // A record needs a field.
    if (wanted.length > 0) draft.set(['source', 'fields'], Object.fromEntries(wanted));
  }
  if (key?.length === 0) draft.remove(['record', 'key']);
  else if (key !== undefined) draft.set(['record', 'key'], key);
  for (const name of limitNames) {
    const limit = limits?.[name];
    if (limit === null) draft.remove(['limits', name]);
    else if (limit !== undefined) draft.set(['limits', name], limit);
  }
  leaveOutUnknownFields(draft);
  return draft.text;
}

/** The fields that a collection can have: those that were found, or else the template's. */
export function templateFields(text: string): readonly string[] {
  return Object.keys(fieldsOf(parse(text) as JsonValue, undefined) ?? {});
}

/** The key that a template has. */
export function templateKey(text: string): readonly string[] {
  const value = parse(text) as JsonValue;
  const record = isJsonObject(value) ? value['record'] : undefined;
  const key = isJsonObject(record) ? record['key'] : undefined;
  return Array.isArray(key) ? key.map(String) : [];
}

/** A limit that a template has; undefined when it has none. */
export function templateLimit(text: string, name: LimitName): number | undefined {
  const value = parse(text) as JsonValue;
  const limits = isJsonObject(value) ? value['limits'] : undefined;
  const limit = isJsonObject(limits) ? limits[name] : undefined;
  return typeof limit === 'number' ? limit : undefined;
}

/**
 * An address as it was meant: `example.com/books` is `https://example.com/books`. Braces would be taken for a template.
 *
 * @returns undefined when it is none.
 */
export function addressOf(text: string): string | undefined {
  const typed = text.trim();
  const isLocal = /^(?:localhost|\d+\.\d+\.\d+\.\d+|\[[\da-f:]+\])(?:[:/]|$)/i.test(typed);
  const whole = /^[a-z][a-z\d+.-]*:\/\//i.test(typed)
    ? typed
    : `${isLocal ? 'http' : 'https'}://${typed}`;
  const url = URL.parse(whole);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  if (!isLocal && !/\.|^localhost$/.test(url.hostname)) return undefined;
  if (url.username !== '' || url.password !== '' || /\s/.test(typed)) return undefined;
  url.hash = '';
  return url.href.replaceAll('{', '%7B').replaceAll('}', '%7D');
}

/** A name for a collection of an address: `books-toscrape` of `https://www.books.toscrape.com/x`. */
export function nameOfAddress(address: string): string | undefined {
  const host = URL.parse(address)?.hostname;
  if (host === undefined || host === '') return undefined;
  const labels = host.replace(/^www\./, '').split('.');
  const isNumeric = /^[\d.[\]:a-f]+$/i.test(host) && /\d/.test(host);
  const told = isNumeric || labels.length < 2 ? labels : labels.slice(0, -1);
  const name = toFileName(told.join('-')).replace(/^[_.-]+|[_.-]+$/g, '');
  return isSafeFileName(name) ? name : undefined;
}

/** What is wrong with an answer to what a template asks, by its kind; undefined when nothing is. */
export function answerProblem(
  template: Template,
  answer: string,
): 'address' | 'repositories' | undefined {
  const kind = template.asks?.kind;
  const typed = answer.trim();
  if (kind === undefined || typed === '') return undefined;
  if (kind === 'page' || kind === 'api' || kind === 'site') {
    return addressOf(typed) === undefined ? 'address' : undefined;
  }
  if (kind === 'repositories')
    return repositoriesOf(typed) === undefined ? 'repositories' : undefined;
  return undefined;
}

/** A collection's text while choices are put into it. */
class Draft {
  text: string;

  constructor(text: string) {
    this.text = text;
  }

  value(): JsonValue {
    return parse(this.text, [], { allowTrailingComma: true }) as JsonValue;
  }

  set(path: JSONPath, value: JsonValue): void {
    this.text = applyTextEdits(this.text, setInText(this.text, path, value));
  }

  remove(path: JSONPath): void {
    this.text = applyTextEdits(this.text, removeFromText(this.text, path));
  }
}

function takeAnswer(
  draft: Draft,
  { asks }: Template,
  answer: string,
  look: AddressLook | undefined,
): void {
  if (asks === undefined) return;
  const address = addressOf(answer);
  switch (asks.kind) {
    case 'page':
      if (address !== undefined) startAt(draft, address, look?.items ?? null);
      return;
    case 'api':
      if (address !== undefined) draft.set(asks.path, address);
      return;
    case 'site': {
      if (address === undefined) return;
      const site = new URL(address);
      const folder = site.pathname.replace(/\/(?:wp-json\/.*)?$/, '');
      draft.set(asks.path, `${site.origin}${folder}/wp-json/wp/v2/{type}`);
      return;
    }
    case 'repositories': {
      const wanted = repositoriesOf(answer);
      if (wanted === undefined) return;
      draft.set(['source', 'for', 'repository'], wanted.repositories);
      draft.set(
        ['source', 'url'],
        `https://api.github.com/repos/${wanted.owner}/{repository}/issues`,
      );
      return;
    }
    case 'text':
      draft.set(asks.path, answer);
      return;
    case 'one':
      draft.set(asks.path, [answer]);
      return;
    case 'list':
      draft.set(asks.path, partsOf(answer));
      return;
  }
}

/** Another site than the template's: what is taken of a page is not what the template's sample has. */
function startAt(draft: Draft, address: string, items: string | null): void {
  draft.set(['source', 'start'], [address]);
  draft.set(['source', 'follow'], []);
  if (items === null) draft.remove(['source', 'items']);
  else draft.set(['source', 'items'], items);
  draft.set(['source', 'fields'], { title: 'h1', url: { from: 'url' } });
  draft.set(['record', 'key'], ['url']);
  const value = draft.value();
  const source = isJsonObject(value) ? value['source'] : undefined;
  if (isJsonObject(source) && 'interactions' in source) {
    draft.set(['source', 'interactions', 0, 'selector'], 'body');
  }
}

function takeLook(draft: Draft, { asks }: Template, look: AddressLook): void {
  if (asks?.kind === 'page') {
    draft.set(['source', 'follow'], look.follow);
    return;
  }
  if (look.items !== null) draft.set(['source', 'items'], look.items);
  draft.set(['source', 'paginate'], look.paginate ?? { type: 'none' });
  const param = look.paginate?.['param'];
  if (asks?.kind === 'api') {
    // The pages' own parameter is put there by the paging.
    const url = new URL(look.url);
    if (typeof param === 'string') url.searchParams.delete(param);
    draft.set(asks.path, url.href.replaceAll('{', '%7B').replaceAll('}', '%7D'));
    draft.remove(['source', 'query']);
  }
  // What a record must have was said of the template's sample.
  draft.remove(['record', 'schema']);
}

function fieldsOf(value: JsonValue, look: AddressLook | undefined): JsonObject | undefined {
  if (look !== undefined && look.fields.length > 0) {
    return Object.fromEntries(
      look.fields.map(({ name, field }: { name: string; field: HtmlFieldConfig }) => [
        name,
        fieldJson(field),
      ]),
    );
  }
  const source = isJsonObject(value) ? value['source'] : undefined;
  const fields = isJsonObject(source) ? source['fields'] : undefined;
  return isJsonObject(fields) ? fields : undefined;
}

/** What speaks of fields that there are no longer: the key, what a record must have, how many of a kind there may be. */
function leaveOutUnknownFields(draft: Draft): void {
  const value = draft.value();
  const fields = fieldsOf(value, undefined);
  if (fields === undefined || !isJsonObject(value)) return;
  const isKnown = (name: JsonValue): boolean =>
    typeof name === 'string' && Object.hasOwn(fields, name.split('.')[0] ?? '');
  const { record, limits } = value;
  if (isJsonObject(record)) {
    const { key, schema } = record;
    if (Array.isArray(key) && !key.every(isKnown)) {
      const known = key.filter(isKnown);
      if (known.length > 0) draft.set(['record', 'key'], known);
      else draft.remove(['record', 'key']);
    }
    const required = isJsonObject(schema) ? schema['required'] : undefined;
    if (Array.isArray(required) && !required.every(isKnown)) {
      draft.set(['record', 'schema', 'required'], required.filter(isKnown));
    }
  }
  const perKey = isJsonObject(limits) ? limits['perKey'] : undefined;
  if (isJsonObject(perKey) && !isKnown(perKey['field'] ?? null)) draft.remove(['limits', 'perKey']);
}

/** `owner/one, owner/two`; also whole addresses. undefined when they are none, or of several owners. */
function repositoriesOf(
  text: string,
): { readonly owner: string; readonly repositories: string[] } | undefined {
  const pairs = partsOf(text).map((part) =>
    /^(?:https?:\/\/github\.com\/)?([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(part),
  );
  const owner = pairs[0]?.[1];
  if (owner === undefined || pairs.some((pair) => pair?.[1] !== owner)) return undefined;
  return { owner, repositories: pairs.map((pair) => pair?.[2] ?? '') };
}

function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

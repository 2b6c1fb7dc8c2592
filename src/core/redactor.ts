import { isBigIntegerText, isJsonObject, scalarText, setKey, type JsonValue } from './json.ts';
import type { Secrets } from './ports.ts';

/** A shorter secret is not looked for in what a server sent: it would be found in innocent words and numbers. */
const shortestInData = 6;
/** Fewer characters of base64 are no secret that one could tell. */
const shortestBase64 = 8;

interface Hidden {
  /** The secret, in one of the forms that it may be written in. */
  readonly form: string;
  /** `${secret:NAME}` */
  readonly name: string;
}

/**
 * Takes secrets out of everything that is shown or written down: each stands there as `${secret:NAME}`. It knows those
 * that were used, in the forms that they get in URLs, forms, JSON and markup.
 */
export class Redactor {
  /** Longest first, so that a secret within another does not tear it. */
  #hidden: readonly Hidden[] = [];
  #inData: readonly Hidden[] = [];
  readonly #known = new Set<string>();

  /** From here on this secret is taken out. */
  learn(name: string, value: string): void {
    const id = `${name}\n${value}`;
    if (value === '' || this.#known.has(id)) return;
    this.#known.add(id);
    const added = [...formsOf(value)].map((form) => ({ form, name: `\${secret:${name}}` }));
    this.#hidden = [...this.#hidden, ...added].sort((a, b) => b.form.length - a.form.length);
    this.#inData = this.#hidden.filter(({ form }) => form.length >= shortestInData);
  }

  /** Whether no secret was used. */
  get isEmpty(): boolean {
    return this.#hidden.length === 0;
  }

  /** A text of our own: a message, a URL. */
  text(text: string): string {
    return replaceAll(text, this.#hidden);
  }

  /** Whether a line of JSON, or any text that came from outside, has a secret in it. */
  isIn(text: string): boolean {
    return this.#inData.some(({ form }) => text.includes(form));
  }

  /** A value that came from outside, without secrets in its texts, keys and numbers; the same one where it has none. */
  json<T extends JsonValue>(value: T): T {
    return (this.#inData.length === 0 ? value : this.#json(value)) as T;
  }

  /** A text that came from outside. */
  received(text: string): string {
    return replaceAll(text, this.#inData);
  }

  #json(value: JsonValue): JsonValue {
    if (typeof value === 'string') return replaceAll(value, this.#inData);
    if (typeof value === 'number' || isBigIntegerText(value)) {
      const text = scalarText(value) ?? '';
      return this.isIn(text) ? replaceAll(text, this.#inData) : value;
    }
    if (Array.isArray(value)) {
      const list = value as readonly JsonValue[];
      const result = list.map((inner): JsonValue => this.#json(inner));
      return result.some((inner, i) => inner !== list[i]) ? result : list;
    }
    if (!isJsonObject(value)) return value;
    const result: Record<string, JsonValue> = {};
    let isChanged = false;
    for (const [key, inner] of Object.entries(value)) {
      const newKey = replaceAll(key, this.#inData);
      const newInner = this.#json(inner);
      isChanged ||= newKey !== key || newInner !== inner;
      setKey(result, newKey, newInner);
    }
    return isChanged ? result : value;
  }
}

/** Secrets of which a redactor learns each one that is read. */
export function watchedSecrets(secrets: Secrets, redactor: Redactor): Secrets {
  return {
    get: async (name) => {
      const value = await secrets.get(name);
      if (value !== undefined) redactor.learn(name, value);
      return value;
    },
  };
}

function replaceAll(text: string, hidden: readonly Hidden[]): string {
  let result = text;
  for (const { form, name } of hidden) {
    if (result.includes(form)) result = result.replaceAll(form, () => name);
  }
  return result;
}

/** How a secret may stand in a text: as it is, or encoded by what carries it. */
function formsOf(value: string): Set<string> {
  const forms = new Set([value]);
  const url = new URL('http://h/');
  url.search = value;
  forms.add(url.search.slice(1));
  url.hash = value;
  forms.add(url.hash.slice(1));
  url.password = value;
  forms.add(url.password);
  // A lone surrogate can't be encoded.
  const text = value.toWellFormed();
  for (const encoded of [
    encodeURIComponent(text),
    encodeURI(text),
    new URLSearchParams([['', text]]).toString().slice(1),
  ]) {
    forms.add(encoded);
    forms.add(encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  }
  for (const quote of ['&#39;', '&#x27;', '&apos;', "'"]) {
    const markup = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    forms.add(markup);
    forms.add(markup.replaceAll('"', '&quot;').replaceAll("'", quote));
    forms.add(markup.replaceAll('"', '&#34;').replaceAll("'", quote));
  }
  for (const form of base64Forms(Buffer.from(value))) forms.add(form);
  for (const form of [...forms]) {
    // As PHP writes it, and as those do that keep to ASCII; also as a text of JSON in a line of JSON.
    for (const json of [jsonText(form), jsonText(form).replaceAll('/', '\\/'), asciiOf(form)]) {
      forms.add(json).add(jsonText(json));
    }
  }
  forms.delete('');
  return forms;
}

function jsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function asciiOf(text: string): string {
  return jsonText(text).replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * What a secret becomes in the base64 of a text that holds it, wherever it begins there: of `user:password`, say. Without
 * the characters that depend on what is around it, and so at least most of it.
 */
function base64Forms(bytes: Buffer): string[] {
  const forms = [bytes.toString('base64')];
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    const form = text.slice(Math.ceil((before * 8) / 6), whole);
    if (form.length >= shortestBase64) forms.push(form);
  }
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

import { scalarText, type JsonObject, type JsonValue } from '../../core/json.ts';

const variable = /\{\{([A-Za-z_]\w*)\}\}|\{([A-Za-z_]\w*)\}/g;

/** A piece of a template: text as it stands, or the name of a variable. */
type Part = { readonly text: string } | { readonly name: string };

/** How the pieces of a template become text. */
export interface Rendering {
  /** Applied to the values of variables. */
  readonly encode: (value: string) => string;
  /** Puts secrets into the author's own text; never applied to values. */
  readonly expand: (text: string) => Promise<string>;
}

/** A text with `{name}` in it, where `name` is a variable; `{{name}}` stands for the text `{name}`. */
export class Template {
  readonly #parts: readonly Part[];
  /** The variables that it names. */
  readonly names: readonly string[];

  constructor(text: string) {
    const parts: Part[] = [];
    let at = 0;
    for (const match of text.matchAll(variable)) {
      parts.push({ text: text.slice(at, match.index) });
      parts.push(match[2] === undefined ? { text: `{${match[1] ?? ''}}` } : { name: match[2] });
      at = match.index + match[0].length;
    }
    parts.push({ text: text.slice(at) });
    this.#parts = parts;
    this.names = parts.flatMap((part) => ('name' in part ? [part.name] : []));
  }

  /** The variable that this template is, when it is nothing else. */
  get onlyName(): string | undefined {
    const said = this.#parts.filter((part) => !('text' in part && part.text === ''));
    const [only] = said;
    return said.length === 1 && only !== undefined && 'name' in only ? only.name : undefined;
  }

  /** The text with values, and with secrets in place. */
  async render(values: JsonObject, { encode, expand }: Rendering): Promise<string> {
    let result = '';
    for (const part of this.#parts)
      result += 'text' in part ? await expand(part.text) : encode(textOf(values, part.name));
    return result;
  }

  /** The text with values; secrets stay as they are written. */
  renderOpen(values: JsonObject, encode: (value: string) => string): string {
    return this.#parts
      .map((part) => ('text' in part ? part.text : encode(textOf(values, part.name))))
      .join('');
  }
}

/**
 * A template that gives a URL, with values. In it they are parts of the URL and encoded; a template that is nothing but
 * one value is a URL already.
 */
export function urlEncoder(template: Template): (value: string) => string {
  return template.onlyName === undefined ? encodePart : (value) => value;
}

/** A value as a part of a URL. Lone surrogates have no form in one. */
export function encodePart(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

/** Every text in a JSON value, with the path that leads to it. */
export function* textsIn(value: JsonValue, path: string): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, `${path}.${key}`);
}

/**
 * A JSON value with values in its texts. A text that is one variable and nothing else becomes the variable's value with
 * its type: `"{year}"` gives `2024` where the year is a number.
 */
export async function renderJson(
  value: JsonValue,
  values: JsonObject,
  expand: Rendering['expand'],
): Promise<JsonValue> {
  if (typeof value === 'string') {
    const template = new Template(value);
    const { onlyName } = template;
    if (onlyName !== undefined) return values[onlyName] ?? null;
    return template.render(values, { encode: (text) => text, expand });
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return Promise.all(value.map((inner: JsonValue) => renderJson(inner, values, expand)));
  const entries = Object.entries(value).map(
    async ([key, inner]) => [key, await renderJson(inner, values, expand)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** A text or a number as it is, a list of them with commas between; undefined for anything else. */
function textOfValue(value: JsonValue): string | undefined {
  if (!Array.isArray(value)) return scalarText(value);
  const texts = (value as readonly JsonValue[]).map(scalarText);
  return texts.includes(undefined) ? undefined : texts.join(',');
}

function textOf(values: JsonObject, name: string): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  const text = value === undefined ? undefined : textOfValue(value);
  if (text === undefined) throw new Error(`No value for {${name}}`);
  return text;
}

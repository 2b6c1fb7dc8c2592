import { findSecret, type SecretFinder } from './secretForms.ts';
import { isBigIntegerText, isJsonObject, scalarText, setKey, type JsonValue } from './json.ts';
import type { Secrets } from './ports.ts';

/** A shorter secret is not looked for in what a server sent: it would be found in innocent words and numbers. */
const shortestInData = 6;

/**
 * Takes secrets out of everything that is shown or written down: each stands there as `${secret:NAME}`. It knows those
 * that were used, in the forms that they get in URLs, forms, JSON and markup.
 */
export class Redactor {
  /** Longest first, so that a secret within another does not tear it. */
  #hidden: readonly SecretFinder[] = [];
  #inData: readonly SecretFinder[] = [];
  readonly #known = new Set<string>();

  /** From here on this secret is taken out. */
  learn(name: string, value: string): void {
    const id = `${name}\n${value}`;
    if (value === '' || this.#known.has(id)) return;
    this.#known.add(id);
    this.#hidden = [...this.#hidden, findSecret(`\${secret:${name}}`, value)].sort(
      (one, other) => other.length - one.length,
    );
    this.#inData = this.#hidden.filter(({ length }) => length >= shortestInData);
  }

  /** Whether no secret was used. */
  get isEmpty(): boolean {
    return this.#hidden.length === 0;
  }

  /** A text of our own: a message, a URL. */
  text(text: string): string {
    return this.#hidden.reduce((rest, secret) => secret.takeOut(rest), text);
  }

  /** Whether a line of JSON, or any text that came from outside, has a secret in it. */
  isIn(text: string): boolean {
    return this.#inData.some((secret) => secret.isIn(text));
  }

  /** A value that came from outside, without secrets in its texts, keys and numbers; the same one where it has none. */
  json<T extends JsonValue>(value: T): T {
    return (this.#inData.length === 0 ? value : this.#json(value)) as T;
  }

  /** A text that came from outside. */
  received(text: string): string {
    return this.#inData.reduce((rest, secret) => secret.takeOut(rest), text);
  }

  #json(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.received(value);
    if (typeof value === 'number' || isBigIntegerText(value)) {
      const text = scalarText(value) ?? '';
      return this.isIn(text) ? this.received(text) : value;
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
      const newKey = this.received(key);
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

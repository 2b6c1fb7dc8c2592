import { PauseError } from '../../core/errors.ts';
import type { Secrets } from '../../core/ports.ts';
import { Redactor } from '../../core/redactor.ts';

const reference = /\$\{secret:([^}]+)\}/g;

/** The names of the secrets that a text of the collection refers to as `${secret:NAME}`. */
export function secretNames(text: string): string[] {
  return [...text.matchAll(reference)].map((match) => match[1] ?? '');
}

/**
 * Puts secrets into texts of the collection, and takes them out of everything that is shown or written down. Only
 * texts that the collection's author wrote may be expanded: a page or an answer that holds `${secret:NAME}` must not
 * get one.
 */
export class SecretText {
  readonly #secrets: Secrets;
  readonly #values = new Map<string, string>();
  readonly #redactor = new Redactor();

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  /**
   * The text with its secrets in place, each passed through `encode`.
   *
   * @throws PauseError when a secret is not set: a person has to set it.
   */
  async expand(
    text: string,
    encode: (value: string) => string = (value) => value,
  ): Promise<string> {
    const names = secretNames(text);
    if (names.length === 0) return text;
    for (const name of names)
      if (!this.#values.has(name)) this.#learn(name, await this.#read(name));
    return text.replace(reference, (whole, name: string) =>
      encode(this.#values.get(name) ?? whole),
    );
  }

  /** The text with every secret that was ever expanded replaced by its `${secret:NAME}`. */
  redact(text: string): string {
    return this.#redactor.text(text);
  }

  async #read(name: string): Promise<string> {
    const value = await this.#secrets.get(name);
    if (value === undefined || value === '') {
      throw new PauseError(
        'SECRET_MISSING',
        `The secret "${name}" is not set. Set it, then resume.`,
        { secret: name },
      );
    }
    return value;
  }

  #learn(name: string, value: string): void {
    this.#values.set(name, value);
    this.#redactor.learn(name, value);
  }
}

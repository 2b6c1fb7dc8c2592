import type { Formats } from '../../src/core/format.ts';

/** A page's language: translated words, by their names, and the locale's numbers. */
export interface Words<Key extends string> {
  /** The translated text, `{0}` and so on replaced by the values. */
  readonly t: (key: Key, ...values: readonly string[]) => string;
  readonly format: Formats;
}

/** Words from the host's strings. */
export function createWords<Key extends string>(
  strings: Readonly<Record<Key, string>>,
  format: Formats,
): Words<Key> {
  return {
    t: (key, ...values) =>
      strings[key].replace(/\{(\d)\}/g, (whole, index) => values[Number(index)] ?? whole),
    format,
  };
}

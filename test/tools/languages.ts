import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** A language that the extension speaks beside English. */
export const languages = ['zh-cn'] as const;
export type Language = (typeof languages)[number];

/** Texts by their key: of the sources in a bundle, of package.json in its own file. */
export type Translations = Readonly<Record<string, string>>;

/** Where the words of the sources are kept; without a language, the English ones. */
export function bundleFile(language?: Language): string {
  return path.join(root, 'l10n', `bundle.l10n${language ? `.${language}` : ''}.json`);
}

/** Where the words of package.json are kept. */
export function manifestFile(language?: Language): string {
  return path.join(root, `package.nls${language ? `.${language}` : ''}.json`);
}

/** Where the words are kept that a collection's keys are explained by, by the English ones. */
export function schemaWordsFile(language: Language): string {
  return path.join(root, 'l10n', `schema.${language}.json`);
}

/** A file of words. Empty when it is not there yet. */
export function readWords(file: string): Translations {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Translations) : {};
}

// node test/tools/l10nBundle.ts: writes l10n/bundle.l10n.json from what the sources say, puts every translation in its
// order without what nobody asks for any more, and lists what is not translated yet.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { engineComment } from '../../src/core/engineWords.ts';
import { engineWords, hostWords } from './words.ts';

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

/** A file of words. Empty when it is not there yet. */
export function readWords(file: string): Translations {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Translations) : {};
}

/** The English bundle: keys in a stable order, so that a change shows what has changed. */
export function bundleWords(): Readonly<Record<string, string | { readonly message: string }>> {
  const host = [...hostWords().keys].map((key) => [key, key] as const);
  const engine = [...engineWords()].map((message) => {
    const value = { message, comment: [engineComment] };
    return [`${message}/${engineComment}`, value] as const;
  });
  const sorted = [...host, ...engine].sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(sorted);
}

/** A translation in the order of the English words, without what is left over. */
function inOrder(english: Translations, translated: Translations): Translations {
  const kept = Object.keys(english).filter((key) => Object.hasOwn(translated, key));
  return Object.fromEntries(kept.map((key) => [key, translated[key] ?? '']));
}

async function write(file: string, words: object): Promise<void> {
  const text = await format(JSON.stringify(words), { parser: 'json', printWidth: 100 });
  writeFileSync(file, text);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) {
  await write(bundleFile(), bundleWords());
  for (const language of languages) {
    for (const fileOf of [bundleFile, manifestFile]) {
      const english = readWords(fileOf());
      const translated = inOrder(english, readWords(fileOf(language)));
      await write(fileOf(language), translated);
      const missing = Object.keys(english).filter((key) => !Object.hasOwn(translated, key));
      const file = path.relative(root, fileOf(language));
      console.log(`${file}: ${missing.length} of ${Object.keys(english).length} are missing`);
      for (const key of missing) console.log(`  ${JSON.stringify(key)}`);
    }
  }
}

// node test/tools/l10nBundle.ts: writes l10n/bundle.l10n.json from what the sources say, puts every translation in its
// order without what nobody asks for any more, and lists what is not translated yet.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { engineComment } from '../../src/core/engineWords.ts';
import { schemaWords } from './editorSchema.ts';
import {
  bundleFile,
  languages,
  manifestFile,
  readWords,
  schemaWordsFile,
  type Translations,
} from './languages.ts';
import { engineWords, hostWords } from './words.ts';

const root = path.resolve(import.meta.dirname, '../..');

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

/** Texts that are their own keys. */
export function keyedByText(texts: readonly string[]): Translations {
  return Object.fromEntries(texts.map((text) => [text, text]));
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
    const kept: readonly (readonly [Translations, string])[] = [
      [readWords(bundleFile()), bundleFile(language)],
      [readWords(manifestFile()), manifestFile(language)],
      [keyedByText(schemaWords()), schemaWordsFile(language)],
    ];
    for (const [english, file] of kept) {
      await write(file, inOrder(english, readWords(file)));
      const missing = Object.keys(english).filter((key) => !Object.hasOwn(readWords(file), key));
      const all = Object.keys(english).length;
      console.log(`${path.relative(root, file)}: ${missing.length} of ${all} are missing`);
      for (const key of missing) console.log(`  ${JSON.stringify(key)}`);
    }
  }
}

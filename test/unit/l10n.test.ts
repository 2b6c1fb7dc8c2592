import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaWords } from '../tools/editorSchema.ts';
import { bundleWords, keyedByText } from '../tools/l10nBundle.ts';
import {
  bundleFile,
  languages,
  manifestFile,
  readWords,
  schemaWordsFile,
  type Translations,
} from '../tools/languages.ts';
import { hostWords, untranslated } from '../tools/words.ts';

const update = 'node test/tools/l10nBundle.ts';

/** What is the same in every language: names, and what stands in a file or on a command line as it is. */
const sameEverywhere =
  /^(Apify|GitHub|OpenAlex|OpenReview|Semantic Scholar|WordPress|CF Collector|JSON|CSV|Parquet|[\s\d{}/·:,.()–]*s?)$/;

test(`the English bundle is what the sources say (${update})`, () => {
  const [said, kept] = [bundleWords(), readWords(bundleFile())];
  const missing = Object.keys(said).filter((key) => !Object.hasOwn(kept, key));
  const left = Object.keys(kept).filter((key) => !Object.hasOwn(said, key));
  assert.deepEqual({ missing, left }, { missing: [], left: [] });
});

test('every text that is looked up in the translations can be told from the sources', () => {
  assert.deepEqual(hostWords().unknown, [], 'give t a text');
});

test('the host and the pages say nothing but what can be translated', () => {
  const names = /: (Parquet|CF Collector|Chromium|The engine was shut down)$/;
  assert.deepEqual(
    untranslated().filter((text) => !names.test(text)),
    [],
    'give these to t',
  );
});

for (const language of languages) {
  const bundle = readWords(bundleFile(language));
  const manifest = readWords(manifestFile(language));
  const pairs: readonly (readonly [Translations, Translations])[] = [
    [textsOf(readWords(bundleFile())), bundle],
    [readWords(manifestFile()), manifest],
    [keyedByText(schemaWords()), readWords(schemaWordsFile(language))],
  ];

  test(`${language}: everything is translated, and nothing is left over (${update})`, () => {
    for (const [english, translated] of pairs) {
      const missing = Object.keys(english).filter((key) => !Object.hasOwn(translated, key));
      const left = Object.keys(translated).filter((key) => !Object.hasOwn(english, key));
      assert.deepEqual({ missing, left }, { missing: [], left: [] });
    }
  });

  test(`${language}: translations have the gaps, links and code of the English text`, () => {
    for (const [key, text, translated] of translations(pairs)) {
      for (const part of [/\{\d+\}/g, /\]\([^)]*\)/g, /`[^`]+`/g, /\$\([\w~-]+\)/g]) {
        assert.deepEqual(parts(translated, part), parts(text, part), key);
      }
      assert.notEqual(translated.trim(), '', key);
    }
  });

  test(`${language}: nothing is left in English`, () => {
    const left = [...translations(pairs)].filter(([, text, translated]) => text === translated);
    const texts = left.map(([, text]) => text).filter((text) => !sameEverywhere.test(text));
    assert.deepEqual(texts, []);
  });
}

/** "3 minutes ago" is Chinese itself: these join it. */
const joined = /^\{0\}(发生故障|中断|停止|完成|暂停)$/;

test('zh-cn: Chinese punctuation, and a space between Chinese and Latin', () => {
  const han = '[\\u4e00-\\u9fff]';
  const wrong = [
    new RegExp(`${han}[,;!]`),
    new RegExp(`${han}[A-Za-z0-9]|[A-Za-z0-9]${han}`),
    new RegExp(`${han}\\{\\d+\\}|\\{\\d+\\}${han}`),
    new RegExp(`${han}\\.($|\\s)`),
  ];
  for (const file of [bundleFile('zh-cn'), manifestFile('zh-cn')]) {
    const bad = Object.values(readWords(file)).filter(
      (text) => !joined.test(text) && wrong.some((pattern) => pattern.test(text)),
    );
    assert.deepEqual(bad, []);
  }
});

/** The English text of each key: of engine messages, the bundle holds what translators are told, too. */
function textsOf(words: Readonly<Record<string, string | { readonly message: string }>>) {
  return Object.fromEntries(
    Object.entries(words).map(([key, word]) => [
      key,
      typeof word === 'string' ? word : word.message,
    ]),
  );
}

function* translations(pairs: readonly (readonly [Translations, Translations])[]) {
  for (const [english, translated] of pairs) {
    for (const [key, text] of Object.entries(english)) {
      // What is missing is another test's.
      if (translated[key] !== undefined) yield [key, text, translated[key]] as const;
    }
  }
}

function parts(text: string, pattern: RegExp): string[] {
  return (text.match(pattern) ?? []).sort();
}

import { pick, pickOne } from './pick.ts';

/** One quote of the sample quotes site. */
export interface SampleQuote {
  /** From 1. */
  readonly number: number;
  /** No two quotes have the same. */
  readonly text: string;
  readonly author: string;
  /** The one topic that it is listed under. */
  readonly topic: SampleTopic;
  /** The topic and up to two others. */
  readonly tags: readonly string[];
}

/** How many quotes the sample quotes site has, unless it is told otherwise. */
export const sampleQuoteCount = 100;
/** Every quote is listed under exactly one of these. */
export const sampleTopics = ['books', 'doubt', 'patience', 'tools', 'weather'] as const;
/** A topic of the sample quotes. */
export type SampleTopic = (typeof sampleTopics)[number];

const subjects = [
  'A good index',
  'The slow query',
  'A kept promise',
  'An empty page',
  'The second draft',
  'A patient reader',
  'Yesterday’s backup',
  'The last line of a file',
  'A question asked twice',
  'The shortest path',
] as const;
const verbs = [
  'forgives',
  'outlives',
  'resembles',
  'remembers',
  'is worth',
  'begins with',
  'hides behind',
  'never regrets',
] as const;
const objects = [
  'the one who made it',
  'a thousand clever ones',
  'the weather of its day',
  'what nobody wrote down',
  'three bad excuses',
  'a little doubt',
  'the hand that stops in time',
  'an honest error message',
  'the whole library',
] as const;
const authors = [
  'Ada Quill',
  'Bo Lindqvist',
  'Carmen de la O',
  'D. “Dot” Farrow',
  'Émile Roux',
  'Fumiko Hara',
  'Grace Okafor',
  'H. O’Neill',
] as const;
const moreTags = ['life', 'work', 'humour', 'craft', 'memory', 'time'] as const;

function makeQuote(index: number): SampleQuote {
  const topic = pickOne(sampleTopics, index, 40);
  const others = [pickOne(moreTags, index, 41), pickOne(moreTags, index, 42)];
  const sentence = `${pickOne(subjects, index, 43)} ${pickOne(verbs, index, 44)} ${pickOne(objects, index, 45)}`;
  return {
    number: index + 1,
    text: `“${sentence}, and that is number ${index + 1}.”`,
    author: pickOne(authors, index, 46),
    topic,
    tags: [...new Set([topic, ...others.slice(0, pick(index, 47, 3))])],
  };
}

/** The first quotes of the sample quotes site, in the order in which they are listed: the same in every run. */
export function sampleQuotes(count: number = sampleQuoteCount): readonly SampleQuote[] {
  return Array.from({ length: count }, (_, index) => makeQuote(index));
}

import { pick, pickOne } from './pick.ts';

/** One book of the sample site. */
export interface SampleBook {
  /** From 1. */
  readonly number: number;
  /** Last part of its page's address. */
  readonly slug: string;
  readonly title: string;
  readonly author: string;
  readonly shelf: string;
  /** In pence. */
  readonly pricePence: number;
  readonly inStock: number;
  /** 1 to 5. */
  readonly stars: number;
  readonly description: string;
}

/** How many books the sample site has. */
export const sampleBookCount = 200;

const adjectives = [
  'Quiet',
  'Salt',
  'Winter',
  'Borrowed',
  'Second',
  'Paper',
  'Hollow',
  'Northern',
  'Unsent',
  'Copper',
  'Patient',
  'Long',
  'Invisible',
  'Small',
] as const;
const nouns = [
  'Harbour',
  'Atlas',
  'Orchard',
  'Letters',
  'Clockmaker',
  'Lighthouse',
  'Cartographer',
  'Garden',
  'Observatory',
  'Kitchen',
  'Railway',
  'Archive',
  'Weather',
  'Bridge',
] as const;
const tails = [
  '',
  ' of Lisbon',
  ' & Other Stories',
  ' at the Edge of the Map',
  ': A Memoir',
  ' in Þingvellir',
  ' and the “Lost” Year',
  ' for Beginners',
] as const;
const firstNames = [
  'Amara',
  'Børge',
  'Chloé',
  'Daniel',
  'Esra',
  'Filip',
  'Grażyna',
  'Haruki',
  'Inés',
  'Jonas',
] as const;
const lastNames = [
  'Okafor',
  'Lindqvist',
  'Moreau',
  'Castro',
  'Yıldız',
  'Novák',
  "O'Brien",
] as const;
const shelves = ['Fiction', 'Travel', 'History', 'Science', 'Poetry', 'Cooking'] as const;
const openings = [
  'A family finds a box of photographs that nobody remembers taking.',
  'Twelve walks through a city that was never finished.',
  'What the tide tables of 1911 tell about a vanished island.',
  'An engineer retires, and the bridge begins to hum.',
  'Recipes from a kitchen with one window and no clock.',
] as const;
const closings = [
  'Told without hurry, and hard to put down.',
  'Shortlisted twice; borrowed far more often.',
  'With maps, notes and an index of rivers.',
  '<em>Not</em> for readers who dislike rain.',
] as const;

function makeBook(index: number): SampleBook {
  const title = `The ${pickOne(adjectives, index, 1)} ${pickOne(nouns, index, 2)}${pickOne(tails, index, 3)}`;
  const slug = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return {
    number: index + 1,
    slug: `${slug}_${index + 1}`,
    title,
    author: `${pickOne(firstNames, index, 4)} ${pickOne(lastNames, index, 5)}`,
    shelf: pickOne(shelves, index, 6),
    pricePence: 499 + pick(index, 7, 5_500),
    inStock: pick(index, 8, 23),
    stars: 1 + pick(index, 9, 5),
    description: `${pickOne(openings, index, 10)} ${pickOne(closings, index, 11)}`,
  };
}

/** The sample site's books, in the order in which they are listed: the same in every run. */
export const sampleBooks: readonly SampleBook[] = Array.from({ length: sampleBookCount }, (_, i) =>
  makeBook(i),
);

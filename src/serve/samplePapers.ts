import { pick, pickOne } from './pick.ts';

/** One paper of the sample API. */
export interface SamplePaper {
  /** Ten letters and digits, as OpenReview's note ids are; unique over all venues and years. */
  readonly id: string;
  /** From 1, within its venue and year. */
  readonly number: number;
  readonly venue: SampleVenue;
  readonly year: number;
  readonly title: string;
  readonly authors: readonly string[];
  readonly abstract: string;
  readonly keywords: readonly string[];
}

/** The venues of the sample API. */
export const sampleVenues = ['iclr', 'icml', 'neurips'] as const;
/** One of the sample API's venues. */
export type SampleVenue = (typeof sampleVenues)[number];
/** The years that each venue has papers of. */
const sampleYears = [2022, 2023, 2024] as const;

const subjects = [
  'Transformers',
  'Diffusion Models',
  'Graph Networks',
  'Bandits',
  'Tokenizers',
  'World Models',
  'Kernel Machines',
] as const;
const claims = [
  'Learn Less Than We Thought',
  'Are Surprisingly Robust to Noise',
  'without Labels',
  'at Test Time',
  'under Distribution Shift: A Second Look',
  'with Half the Memory',
] as const;
const families = ['Aydın', 'Chen', 'García', 'Ivanova', 'Kim', 'Müller', 'Nwosu', 'Singh'] as const;
const initials = ['A.', 'B.', 'J.', 'K.', 'M.', 'S.', 'Y.'] as const;
const idCharacters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** How many papers the sample API has of a venue and a year. */
export function samplePaperCount(venue: SampleVenue, year: number): number {
  return 120 + 20 * sampleVenues.indexOf(venue) + 40 * (year - sampleYears[0]);
}

function makePaper(venue: SampleVenue, year: number, index: number): SamplePaper {
  const seed = (year * 10 + sampleVenues.indexOf(venue)) * 1_000 + index;
  // The first four characters are random, as in real ids, so that id order is not the order of numbers; the rest
  // spells the seed, so that no two papers share an id.
  let id = '';
  for (let i = 0; i < 4; i++) id += idCharacters[pick(seed, 20 + i, idCharacters.length)] ?? 'A';
  id += seed.toString(36).padStart(6, '0');
  const subject = pickOne(subjects, seed, 1);
  const authorCount = 1 + pick(seed, 3, 4);
  return {
    id,
    number: index + 1,
    venue,
    year,
    title: `${subject} ${pickOne(claims, seed, 2)}`,
    authors: Array.from(
      { length: authorCount },
      (_, i) => `${pickOne(initials, seed, 30 + i)} ${pickOne(families, seed, 40 + i)}`,
    ),
    abstract: `We study ${subject.toLowerCase()} on ${2 + pick(seed, 4, 9)} data sets and report what changed.`,
    keywords: [subject.toLowerCase(), pickOne(['theory', 'benchmark', 'method'], seed, 5)],
  };
}

/** Every paper of the sample API, by venue, year and number: the same in every run. */
export const samplePapers: readonly SamplePaper[] = sampleVenues.flatMap((venue) =>
  sampleYears.flatMap((year) =>
    Array.from({ length: samplePaperCount(venue, year) }, (_, i) => makePaper(venue, year, i)),
  ),
);

import type { EarlierVenue } from './venueState.ts';

/** Venue ids on OpenReview, with the year left open. */
const venueIds: Readonly<Record<string, string>> = {
  iclr: 'ICLR.cc/{year}/Conference',
  colm: 'colmweb.org/COLM/{year}/Conference',
  rlc: 'rl-conference.cc/RLC/{year}/Conference',
};

/** From this year on OpenReview has its conferences behind its second API, whose values are wrapped in `value`. */
const firstYearOfSecondApi = 2024;

/** What a collection file is made of for some of the venues. */
export interface VenueCollection {
  readonly name: string;
  readonly venues: readonly EarlierVenue[];
  /** The file's content. */
  readonly content: object;
  /** Whether it says where the papers come from; else a person has to fill that in. */
  readonly isKnown: boolean;
}

/** Collections for venues, one for each venue and API: on OpenReview where it is known to be there, else to be filled in. */
export function collectionsFor(
  venues: readonly EarlierVenue[],
  name: string | undefined,
): VenueCollection[] {
  const parts = new Map<string, EarlierVenue[]>();
  for (const venue of venues) {
    const part = partOf(venue);
    parts.set(part, [...(parts.get(part) ?? []), venue]);
  }
  return [...parts].map(([part, of]) => {
    const own = name === undefined ? part : parts.size === 1 ? name : `${name}_${part}`;
    return collectionFor(own, of);
  });
}

function partOf({ venue, year, isDone }: EarlierVenue): string {
  const isKnown = venueIds[venue.toLowerCase()] !== undefined;
  if (isKnown)
    return year < firstYearOfSecondApi ? `${venue}_before_${firstYearOfSecondApi}` : venue;
  // What is done needs no source.
  return isDone ? venue : `${venue}_to_collect`;
}

function collectionFor(name: string, venues: readonly EarlierVenue[]): VenueCollection {
  const [first] = venues;
  const venue = first?.venue ?? '';
  const id = venueIds[venue.toLowerCase()];
  const years = [...new Set(venues.map((v) => v.year))].sort();
  const isSecondApi = (first?.year ?? 0) >= firstYearOfSecondApi;
  const source =
    id === undefined
      ? {
          type: 'rest',
          for: { venue: [venue], year: years },
          url: 'https://FILL-IN.invalid/papers',
          query: { venue: '{venue}', year: '{year}' },
          paginate: { type: 'none' },
          items: '',
          fields: fields((field) => field),
        }
      : {
          type: 'rest',
          for: { venue: [venue], year: years },
          url: `https://${isSecondApi ? 'api2' : 'api'}.openreview.net/notes`,
          query: { 'content.venueid': id, limit: 1000, sort: 'id' },
          paginate: { type: 'keyset', param: 'after', from: 'notes[-1].id' },
          items: 'notes',
          fields: fields((field) => `content.${field}${isSecondApi ? '.value' : ''}`),
        };
  return {
    name,
    venues,
    isKnown: id !== undefined,
    content: { name, source, record: { key: ['paper_id'] } },
  };
}

/** Fields with the names that compute-forecast gave them. */
function fields(of: (name: string) => string): object {
  return {
    paper_id: 'id',
    title: of('title'),
    authors: of('authors'),
    abstract: of('abstract'),
    keywords: of('keywords'),
    source_url: '="https://openreview.net/forum?id=" & id',
    venue: { from: 'for.venue' },
    year: { from: 'for.year' },
  };
}

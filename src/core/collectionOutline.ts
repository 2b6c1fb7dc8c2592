import { assertNever } from './assert.ts';
import type { Collection } from './config.ts';

/** What somebody has to know of a collection before they let it run: what it reaches for, and how far it may go. */
export interface CollectionOutline {
  readonly name: string;
  readonly source: Collection['source']['type'];
  /** Addresses, actors, files or code that it begins with: the first {@link maxPlaces}. */
  readonly places: readonly string[];
  readonly placeCount: number;
  /** Its calls cost money. */
  readonly isPaid: boolean;
  readonly limits: OutlineLimits;
}

/** How far a collection may go; what is left out has no limit. */
export type OutlineLimits = Pick<
  Collection['limits'],
  'target' | 'maxUsd' | 'maxRequests' | 'maxMinutes'
>;

/** How many places an outline names. */
const maxPlaces = 5;

/** @param isPaid whether calls of its source cost money. */
export function outlineOf(collection: Collection, isPaid: boolean): CollectionOutline {
  const { name, source, limits } = collection;
  const { target, maxUsd, maxRequests, maxMinutes } = limits;
  const places = placesOf(source);
  return {
    name,
    source: source.type,
    places: places.slice(0, maxPlaces),
    placeCount: places.length,
    isPaid,
    limits: { target, maxUsd, maxRequests, maxMinutes },
  };
}

function placesOf(source: Collection['source']): readonly string[] {
  switch (source.type) {
    case 'html':
    case 'browser':
      return [...source.start, ...source.sitemaps];
    case 'rest':
      return [source.url];
    case 'apify':
      return [source.actor];
    case 'files':
      return source.inputs.map((input) => (typeof input === 'string' ? input : input.path));
    case 'module':
      return [source.module];
    case 'extension':
      return [source.id];
    default:
      return assertNever(source, 'source');
  }
}

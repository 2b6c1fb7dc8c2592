/** A group in the second earlier system's words: a venue and a year. A group without a year has 0. */
export type VenueYear = readonly [venue: string, year: number];

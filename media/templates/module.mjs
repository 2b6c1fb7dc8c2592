// @ts-check
/// <reference path="./cf-collector-source.d.ts" />
// The code of a collection. What it yields is made durable page by page, and a unit that was interrupted goes on at its
// cursor. Hover over a name to see what it does.
import { defineSource } from 'cf-collector/source';

export default defineSource({
  // With a `plan({ for, options, fetch })` you say yourself which units there are. Without one it is one unit for every
  // combination of the collection's "for".

  /** Carries out one unit: everything that a person has posted, oldest first. */
  async *collect(unit, { options, fetch, cursor, page, log }) {
    // This fetch keeps the collection's limits, tries again what can pass, and throws what can't.
    const person = await (await fetch(`${options.api}/user/${unit.for.user}.json`)).json();
    if (person === null) {
      log.warn(`There is nobody called ${unit.for.user}`);
      return;
    }
    // Where the unit was left off: the cursor of its last page that is on disk.
    const last = cursor ?? 0;
    /** @type {number[]} */
    const submitted = person.submitted ?? [];
    const ids = submitted.filter((id) => id > last).sort((a, b) => a - b);
    while (ids.length > 0) {
      const some = ids.splice(0, options.atOnce);
      const items = await Promise.all(
        some.map(async (id) => (await fetch(`${options.api}/item/${id}.json`)).json()),
      );
      // What was deleted is null.
      yield page({ items: items.filter((item) => item !== null), cursor: some.at(-1) });
    }
    // Returning says that the unit was read to its end.
  },

  /** Makes the record of an item. It must not ask anybody: records can be made again from the raw file. */
  map(item, unit) {
    return {
      id: item.id,
      type: item.type,
      user: unit.for.user,
      title: item.title ?? null,
      text: item.text ?? null,
      url: item.url ?? null,
      score: item.score ?? null,
      comments: item.descendants ?? null,
      posted: new Date(item.time * 1000).toISOString(),
    };
  },
});

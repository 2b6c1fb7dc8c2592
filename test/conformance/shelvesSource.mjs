// A source of somebody's own for the conformance suite: the shelves of pagedApi.ts, "empty" found on the way.
export const shelvesSource = {
  discovers: true,

  plan({ options }) {
    const lane = new URL(options.base).host;
    return options.shelves.map((shelf) => ({ key: shelf, group: shelf, lane, input: { shelf } }));
  },

  async *collect({ input }, { cursor, fetch, options, page }) {
    const lane = new URL(options.base).host;
    for (let at = cursor ?? 0; ;) {
      const response = await fetch(`${options.base}/cursor/${input.shelf}?cursor=${at}`);
      const { things, meta } = await response.json();
      const isFirst = at === 0 && input.shelf === 'left' && !options.isKnown;
      const units = isFirst ? [{ key: 'empty', lane, input: { shelf: 'empty' } }] : [];
      if (meta.next === null) {
        yield page({ items: things, units, end: 'no next cursor' });
        return;
      }
      at = Number(meta.next);
      yield page({ items: things, units, cursor: at });
    }
  },

  map: ({ id, label }, { input }) => ({ id, label: label.value, shelf: input.shelf }),
};

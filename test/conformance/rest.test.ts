import { collectionSchema } from '../../src/core/config.ts';
import type { RestSourceConfig } from '../../src/core/config/restSource.ts';
import { createRestSource, type RestItem } from '../../src/sources/rest/restSource.ts';
import { HttpBackend } from './httpBackend.ts';
import { answerPaged, type Paging, pageSize, shelves, thingsOf } from './pagedApi.ts';
import type { Subject } from './subject.ts';
import { testSource } from './testSource.ts';

/** How each way of paging is configured. */
const pagings: Readonly<Record<Paging, { readonly paginate: object; readonly more?: object }>> = {
  page: { paginate: { type: 'page' } },
  offset: { paginate: { type: 'offset' }, more: { query: { limit: pageSize }, total: 'total' } },
  cursor: { paginate: { type: 'cursor', from: 'meta.next' } },
  header: { paginate: { type: 'header', header: 'X-Next-Cursor' } },
  link: { paginate: { type: 'link' } },
  next: { paginate: { type: 'next', from: 'next' } },
  keyset: { paginate: { type: 'keyset', param: 'after', from: 'things[-1].id' } },
  continue: { paginate: { type: 'continue' } },
};

function configOf(source: object): RestSourceConfig {
  const { source: checked } = collectionSchema.parse({ name: 'test', source });
  if (checked.type !== 'rest') throw new Error('not a REST source');
  return checked;
}

/** @param price what a call costs; left out: nothing. */
function subject(
  paging: Paging,
  price?: object,
  shelf: object = shelves,
): Subject<RestItem, HttpBackend> {
  const { paginate, more = {} } = pagings[paging];
  const isPaid = price !== undefined;
  // What may have been charged is not tried again by itself.
  const mayPass = isPaid ? 'UnitFailedError' : 'RetryError';
  return {
    name: `rest, paged by ${paging}${isPaid ? ', priced' : ''}${shelf === shelves ? '' : ', for every line of a file'}`,
    traits: { paid: isPaid, discovers: false, resumesMidUnit: true },
    start: () => HttpBackend.start(answerPaged),
    create: (backend, context, { timeoutMs }) =>
      createRestSource(
        configOf({
          type: 'rest',
          for: { shelf },
          url: `${backend.server.url(`/${paging}/`)}{shelf}`,
          paginate,
          items: 'things',
          fields: {
            id: 'id',
            label: 'label.value',
            shelf: { from: 'for.shelf' },
            loud: '=$uppercase(id)',
          },
          request: { timeoutMs },
          ...more,
          ...(isPaid ? { price } : {}),
        }),
        { ...context, root: import.meta.dirname },
      ),
    expected: () =>
      shelves.flatMap((shelf) =>
        thingsOf(shelf).map(({ id, label }) => ({
          id,
          label: label.value,
          shelf,
          loud: id.toUpperCase(),
        })),
      ),
    errors: {
      throttled: 'ThrottledError',
      unavailable: mayPass,
      missing: 'UnitFailedError',
      silent: mayPass,
      cut: mayPass,
      refused: 'RetryError',
    },
    hasHealth: true,
  };
}

for (const paging of Object.keys(pagings) as Paging[]) testSource(subject(paging));
testSource(subject('cursor', { perCallUsd: 0.001 }));
testSource(subject('cursor', undefined, { from: 'shelves.csv', path: 'shelf' }));

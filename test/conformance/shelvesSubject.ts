import type { JsonObject } from '../../src/core/json.ts';
import type { RemoteItem } from '../../src/sources/remote/remoteItem.ts';
import { HttpBackend } from './httpBackend.ts';
import { answerPaged, shelves, thingsOf } from './pagedApi.ts';
import type { Subject } from './subject.ts';

/** What holds for the source of shelvesSource.mjs wherever it runs. */
export const shelvesSubject: Omit<Subject<RemoteItem, HttpBackend>, 'name' | 'create'> = {
  traits: { paid: false, discovers: true, resumesMidUnit: true },
  start: () => HttpBackend.start(answerPaged),
  expected: () =>
    shelves.flatMap((shelf) =>
      thingsOf(shelf).map(({ id, label }) => ({ id, label: label.value, shelf })),
    ),
  errors: {
    throttled: 'ThrottledError',
    unavailable: 'RetryError',
    missing: 'UnitFailedError',
    silent: 'RetryError',
    cut: 'RetryError',
    refused: 'RetryError',
  },
  hasHealth: true,
};

/** The options that the source wants. */
export function shelvesOptions(backend: HttpBackend): JsonObject {
  return {
    base: backend.server.url('').replace(/\/$/, ''),
    shelves: shelves.filter((shelf) => shelf !== 'empty'),
  };
}

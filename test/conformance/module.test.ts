import { collectionSchema } from '../../src/core/config.ts';
import { createModuleSource } from '../../src/sources/module/moduleSource.ts';
import { HttpBackend } from './httpBackend.ts';
import { answerPaged, shelves, thingsOf } from './pagedApi.ts';
import { testSource } from './testSource.ts';

testSource({
  name: 'module',
  traits: { paid: false, discovers: true, resumesMidUnit: true },
  start: () => HttpBackend.start(answerPaged),
  create: (backend, context, { timeoutMs }) => {
    const { source } = collectionSchema.parse({
      name: 'test',
      source: {
        type: 'module',
        module: 'shelvesModule.mjs',
        options: {
          base: backend.server.url('').replace(/\/$/, ''),
          shelves: shelves.filter((shelf) => shelf !== 'empty'),
        },
        request: { timeoutMs },
      },
    });
    if (source.type !== 'module') throw new Error('not a module source');
    return createModuleSource(source, { ...context, root: import.meta.dirname });
  },
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
});

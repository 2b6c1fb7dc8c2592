import { collectionSchema } from '../../src/core/config.ts';
import { createModuleSource } from '../../src/sources/module/moduleSource.ts';
import { shelvesOptions, shelvesSubject } from './shelvesSubject.ts';
import { testSource } from './testSource.ts';

testSource({
  ...shelvesSubject,
  name: 'module',
  create: (backend, context, { timeoutMs }) => {
    const { source } = collectionSchema.parse({
      name: 'test',
      source: {
        type: 'module',
        module: 'shelvesModule.mjs',
        options: shelvesOptions(backend),
        request: { timeoutMs },
      },
    });
    if (source.type !== 'module') throw new Error('not a module source');
    return createModuleSource(source, { ...context, root: import.meta.dirname });
  },
});

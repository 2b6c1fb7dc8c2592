import { collectionSchema } from '../../src/core/config.ts';
import { createExtensionSource } from '../../src/sources/extension/extensionSource.ts';
import { pairWith } from '../fixtures/extensionPair.ts';
import { shelvesSource } from './shelvesSource.mjs';
import { shelvesOptions, shelvesSubject } from './shelvesSubject.ts';
import { testSource } from './testSource.ts';

testSource({
  ...shelvesSubject,
  name: 'extension',
  // Nothing is asked of the extension before it is needed.
  traits: { ...shelvesSubject.traits, discovers: false },
  create: (backend, context, { timeoutMs }) => {
    const { source } = collectionSchema.parse({
      name: 'test',
      source: {
        type: 'extension',
        id: 'test.shelves/shelves',
        options: { ...shelvesOptions(backend), shelves: ['left', 'right', 'empty'], isKnown: true },
        request: { timeoutMs },
      },
    });
    if (source.type !== 'extension') throw new Error('not an extension source');
    const { links } = pairWith(shelvesSource);
    const openExtensionSource = links.open.bind(links);
    return createExtensionSource(source, { ...context, openExtensionSource });
  },
});

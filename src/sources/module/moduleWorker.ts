import { registerHooks } from 'node:module';
import { workerData } from 'node:worker_threads';
import { defineSource } from '../../core/customSource/definition.ts';
import { placeIn } from '../../core/customSource/place.ts';
import { UsageError } from '../../core/errors.ts';
import { serveSource } from '../../protocol/customSource.ts';
import type { WorkerStart } from './workerStart.ts';

/** The entry of a module's worker: nothing but the person's own code runs in it. */
const { module, root, port } = workerData as WorkerStart;

/** What `cf-collector/source` is for a module: there is no package of that name where collections are. */
const sourceApi = `data:text/javascript,${encodeURIComponent(`export const defineSource = ${defineSource.toString()};`)}`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cf-collector/source'
      ? { url: sourceApi, shortCircuit: true }
      : next(specifier, context),
});

serveSource({
  channel: {
    post: (message) => {
      port.postMessage(message);
    },
    listen: (listener) => {
      port.on('message', listener);
      return () => port.off('message', listener);
    },
  },
  load: async () => {
    const { default: source } = (await import(module)) as { readonly default?: unknown };
    if (source === undefined) {
      throw new UsageError(
        'SOURCE_INVALID',
        'It has no default export: "export default defineSource({ … })" is missing.',
      );
    }
    return source;
  },
  placeOf: placeIn(root),
});

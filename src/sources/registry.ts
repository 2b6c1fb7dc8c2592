import type { Collection } from '../core/config.ts';
import { assertNever } from '../core/assert.ts';
import type { Problem } from '../core/errors.ts';
import { checkHtmlConfig } from './html/checkConfig.ts';
import { createHtmlSource } from './html/htmlSource.ts';
import { checkRestConfig } from './rest/checkRestConfig.ts';
import { createRestSource } from './rest/restSource.ts';
import type { Source, SourceContext } from './source.ts';

type SourceConfig = Collection['source'];

/** Whether {@link createSource} wants to know how many units of each lane are done. */
export function needsDoneByLane(config: SourceConfig): boolean {
  return config.type === 'html' && config.scope.maxPagesPerHost !== undefined;
}

/**
 * Makes the source that a collection names.
 *
 * @param doneByLane units that the session has done, where {@link needsDoneByLane} says so.
 */
export function createSource(
  config: SourceConfig,
  context: SourceContext,
  doneByLane: ReadonlyMap<string, number> = new Map(),
): Source<unknown> {
  switch (config.type) {
    case 'html': {
      const pagesDone = (host: string): number => doneByLane.get(host) ?? 0;
      return createHtmlSource(config, context, { pagesDone }) as Source<unknown>;
    }
    case 'rest':
      return createRestSource(config, context) as Source<unknown>;
    default:
      return assertNever(config, 'source');
  }
}

/** What is wrong with a source's part of a collection beyond its form. */
export function checkSource(config: SourceConfig): Problem[] {
  switch (config.type) {
    case 'html':
      return [...checkHtmlConfig(config)];
    case 'rest':
      return [...checkRestConfig(config)];
    default:
      return assertNever(config, 'source');
  }
}

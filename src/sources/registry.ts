import type { Collection } from '../core/config.ts';
import { assertNever } from '../core/assert.ts';
import type { Problem } from '../core/errors.ts';
import { checkHtmlConfig } from './html/checkConfig.ts';
import { createHtmlSource } from './html/htmlSource.ts';
import { checkRestConfig } from './rest/checkRestConfig.ts';
import { createRestSource } from './rest/restSource.ts';
import type { Source, SourceContext } from './source.ts';

type SourceConfig = Collection['source'];

/** Makes the source that a collection names. */
export function createSource(config: SourceConfig, context: SourceContext): Source<unknown> {
  switch (config.type) {
    case 'html':
      return createHtmlSource(config, context) as Source<unknown>;
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

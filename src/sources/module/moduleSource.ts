import type { ModuleSourceConfig } from '../../core/config/moduleSource.ts';
import { UsageError } from '../../core/errors.ts';
import type { Source, SourceContext } from '../source.ts';

/** A source that is the person's own code. */
export function createModuleSource(
  config: ModuleSourceConfig,
  _context: SourceContext,
): Promise<Source<unknown>> {
  throw new UsageError('SOURCE_MISSING', `${config.module} can't be run yet.`);
}

import type { ExtensionSourceConfig } from '../../core/config/extensionSource.ts';
import { UsageError } from '../../core/errors.ts';
import type { Source, SourceContext } from '../source.ts';

/** A source that another extension of the editor has registered. */
export function createExtensionSource(
  config: ExtensionSourceConfig,
  _context: SourceContext,
): Source<unknown> {
  throw new UsageError('SOURCE_MISSING', `${config.id} can't be run yet.`);
}

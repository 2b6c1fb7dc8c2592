import type { ExtensionSourceConfig } from '../../core/config/extensionSource.ts';
import type { RemoteItem } from '../remote/remoteItem.ts';
import { RemoteSource } from '../remote/remoteSource.ts';
import type { Source, SourceContext } from '../source.ts';
import { editorOnly } from './editorOnly.ts';

/**
 * A source that another extension of the editor has registered. It is asked for when it is first needed, so that an
 * extension that is missing pauses the session and does not end it.
 *
 * @throws UsageError `EDITOR_ONLY` where there is no editor.
 */
export function createExtensionSource(
  config: ExtensionSourceConfig,
  context: SourceContext,
): Source<RemoteItem> {
  const { id } = config;
  const { openExtensionSource } = context;
  if (openExtensionSource === undefined) throw editorOnly(id);
  const place = {
    name: id,
    url: `extension:${id}`,
    connect: (signal: AbortSignal) => openExtensionSource(id, signal),
  };
  return new RemoteSource({ type: 'extension', place, config, context });
}

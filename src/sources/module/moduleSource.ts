import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModuleSourceConfig } from '../../core/config/moduleSource.ts';
import { codeOf, messageOf, UsageError } from '../../core/errors.ts';
import { RemoteSource } from '../remote/remoteSource.ts';
import type { RemoteItem } from '../remote/remoteItem.ts';
import type { Source, SourceContext } from '../source.ts';
import { ModuleThread } from './moduleThread.ts';
import { syntaxTrouble } from './syntax.ts';

/** Of the module's sha256, so much tells one version from another. */
const versionLength = 16;

/**
 * A source that is the person's own code, in a worker of its own. It is loaded at once: a module that can't be is told
 * before anything is begun.
 *
 * @throws UsageError `MODULE_INVALID` with the line.
 */
export async function createModuleSource(
  config: ModuleSourceConfig,
  context: SourceContext,
): Promise<Source<RemoteItem>> {
  const { module: name, maxMemoryMb } = config;
  const { root, logger } = context;
  const file = path.resolve(root, name);
  const version = await versionOf(file, name);
  const place = new ModuleThread({ name, file, root, maxMemoryMb, logger });
  const source = new RemoteSource({ type: 'module', place, config, context, version });
  try {
    await source.connect(new AbortController().signal);
    return source;
  } catch (error) {
    await source.close();
    const trouble = await syntaxTrouble(file).catch(() => undefined);
    const what =
      trouble === undefined
        ? messageOf(error)
        : `${name}:${trouble.line}:${trouble.column}: ${trouble.message}`;
    throw new UsageError(
      'MODULE_INVALID',
      `${name} can't be loaded. ${what}`,
      { module: name },
      error,
    );
  }
}

async function versionOf(file: string, name: string): Promise<string> {
  try {
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    return digest.slice(0, versionLength);
  } catch (error) {
    throw new UsageError(
      'MODULE_INVALID',
      `source.module: ${file} can't be read (${codeOf(error)}).`,
      { module: name },
      error,
    );
  }
}

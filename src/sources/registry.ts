import { assertNever } from '../core/assert.ts';
import type { Collection } from '../core/config.ts';
import { walksPages } from '../core/config/pageSources.ts';
import type { Problem } from '../core/errors.ts';
import type { DoubtRule, Source, SourceContext } from './source.ts';

// Each source is loaded when a collection names it: parsers and expression languages cost megabytes and milliseconds.

type SourceConfig = Collection['source'];

/** What becomes of a paid call in doubt; undefined where calls cost nothing. */
export function doubtRuleOf(config: SourceConfig): DoubtRule | undefined {
  switch (config.type) {
    case 'rest':
      return config.price?.onDoubt;
    case 'html':
    case 'browser':
    case 'files':
    case 'module':
    case 'extension':
      return undefined;
    default:
      return assertNever(config, 'source');
  }
}

/** Whether {@link createSource} wants to know how many units of each lane are done. */
export function needsDoneByLane(config: SourceConfig): boolean {
  return walksPages(config) && config.scope.maxPagesPerHost !== undefined;
}

/**
 * Makes the source that a collection names.
 *
 * @param doneByLane units that the session has done, where {@link needsDoneByLane} says so.
 */
export async function createSource(
  config: SourceConfig,
  context: SourceContext,
  doneByLane: ReadonlyMap<string, number> = new Map(),
): Promise<Source<unknown>> {
  switch (config.type) {
    case 'html': {
      const { createHtmlSource } = await import('./html/htmlSource.ts');
      const pagesDone = (host: string): number => doneByLane.get(host) ?? 0;
      return createHtmlSource(config, context, { pagesDone });
    }
    case 'browser': {
      const { createBrowserSource } = await import('./browser/browserSource.ts');
      const pagesDone = (host: string): number => doneByLane.get(host) ?? 0;
      return createBrowserSource(config, context, { pagesDone });
    }
    case 'rest': {
      const { createRestSource } = await import('./rest/restSource.ts');
      return createRestSource(config, context);
    }
    case 'files': {
      const { createFilesSource } = await import('./files/filesSource.ts');
      return createFilesSource(config, context);
    }
    case 'module': {
      const { createModuleSource } = await import('./module/moduleSource.ts');
      return createModuleSource(config, context);
    }
    case 'extension': {
      const { createExtensionSource } = await import('./extension/extensionSource.ts');
      return createExtensionSource(config, context);
    }
    default:
      return assertNever(config, 'source');
  }
}

/**
 * What is wrong with a source's part of a collection beyond its form.
 *
 * @param root what paths in it are relative to; left out, files that it names are not looked at.
 */
export async function checkSource(
  config: SourceConfig,
  root?: string,
): Promise<readonly Problem[]> {
  switch (config.type) {
    case 'html':
      return (await import('./html/checkConfig.ts')).checkPageConfig(config);
    case 'browser':
      return (await import('./browser/checkConfig.ts')).checkBrowserConfig(config);
    case 'rest':
      return (await import('./rest/checkRestConfig.ts')).checkRestSource(config, root);
    case 'files':
    case 'module':
    case 'extension':
      return [];
    default:
      return assertNever(config, 'source');
  }
}

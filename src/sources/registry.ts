import { assertNever } from '../core/assert.ts';
import type { Collection } from '../core/config.ts';
import type { ForConfig } from '../core/config/forValues.ts';
import type { PageSourceConfig } from '../core/config/htmlSource.ts';
import { walksPages } from '../core/config/pageSources.ts';
import type { Problem } from '../core/errors.ts';
import type { FieldTrace } from '../core/preview.ts';
import type { NewUnit } from '../core/unit.ts';
import type { HtmlItem } from './html/htmlItem.ts';
import type { DoubtRule, Source, SourceContext } from './source.ts';

// Each source is loaded when a collection names it: parsers and expression languages cost megabytes and milliseconds.

type SourceConfig = Collection['source'];

/** What becomes of a paid call in doubt; undefined where calls cost nothing, or none is made. */
export function doubtRuleOf({
  source,
  remap,
}: Pick<Collection, 'source' | 'remap'>): DoubtRule | undefined {
  if (remap !== undefined) return undefined;
  switch (source.type) {
    case 'rest':
      return source.price?.onDoubt;
    case 'apify':
      return 'look-up';
    case 'html':
    case 'browser':
    case 'files':
    case 'module':
    case 'extension':
      return undefined;
    default:
      return assertNever(source, 'source');
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
    case 'apify': {
      const { createApifySource } = await import('./apify/apifySource.ts');
      return createApifySource(config, context);
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
    case 'html': {
      const { checkPageConfig } = await import('./html/checkConfig.ts');
      return [...checkPageConfig(config), ...(await checkPageFiles(config, root))];
    }
    case 'browser': {
      const { checkBrowserConfig } = await import('./browser/checkConfig.ts');
      return [...checkBrowserConfig(config), ...(await checkPageFiles(config, root))];
    }
    case 'rest':
      return (await import('./rest/checkRestConfig.ts')).checkRestSource(config, root);
    case 'apify':
      return (await import('./apify/checkApifyConfig.ts')).checkApifyConfig(config, root);
    case 'files':
      return (await import('./files/checkFilesConfig.ts')).checkFilesConfig(config, root);
    case 'extension':
      return checkForFiles(config, root);
    case 'module': {
      if (root === undefined) return [];
      const { checkModuleConfig } = await import('./module/checkModuleConfig.ts');
      return [...(await checkModuleConfig(config, root)), ...(await checkForFiles(config, root))];
    }
    default:
      return assertNever(config, 'source');
  }
}

/**
 * What each field of a collection comes to in items of its source; undefined where that shows in the records only.
 */
export async function traceFields(
  config: SourceConfig,
  items: readonly unknown[],
): Promise<FieldTrace[] | undefined> {
  if (!walksPages(config)) return undefined;
  const { traceHtmlFields } = await import('./html/traceFields.ts');
  return traceHtmlFields(config.fields, items as readonly HtmlItem[]);
}

/** The unit of an address that a person gives; undefined where it is none, or the source has none for addresses. */
export async function unitOfAddress(
  config: SourceConfig,
  address: string,
): Promise<{ readonly unit: NewUnit; readonly isInScope: boolean } | undefined> {
  if (!walksPages(config)) return undefined;
  const [{ canonicalUrl }, { startUnit }, { Scope }] = await Promise.all([
    import('./html/canonicalUrl.ts'),
    import('./html/units.ts'),
    import('./html/scope.ts'),
  ]);
  const target = canonicalUrl(address);
  if (target === null) return undefined;
  const isInScope = new Scope(config).refuse(target, false, target.host) === undefined;
  return { unit: startUnit(target), isInScope };
}

/** The files that `for` names, where no value has to be of some kind. */
async function checkForFiles(
  { for: values }: { readonly for: ForConfig },
  root: string | undefined,
): Promise<readonly Problem[]> {
  if (root === undefined) return [];
  return (await import('./forValues/checkFor.ts')).checkFor(values, new Set(), root);
}

async function checkPageFiles(
  config: PageSourceConfig,
  root: string | undefined,
): Promise<readonly Problem[]> {
  if (root === undefined) return [];
  return (await import('./html/roots.ts')).checkRootFiles(config, root);
}

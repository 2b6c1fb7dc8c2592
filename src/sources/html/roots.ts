import type { PageSourceConfig } from '../../core/config/htmlSource.ts';
import type { Problem } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { NewUnit } from '../../core/unit.ts';
import { forUnits, isFile, listedValues } from '../forValues/forUnits.ts';
import type { SourceContext } from '../source.ts';
import { Template, urlEncoder } from '../text/template.ts';
import { canonicalUrl } from './canonicalUrl.ts';
import { isForPath } from './fields.ts';
import { sitemapUnit, startUnit } from './units.ts';

// Where a walk begins: start pages and sitemaps, for every combination of the values of `for`.

/** How many values that make no URL are told of. */
const shownUrls = 5;

/**
 * The units to begin with: sitemaps, then start pages, for every combination of the values of `for`. What makes no URL
 * is passed over, counted and logged.
 *
 * @throws PauseError `FOR_FILE_UNREADABLE`.
 */
export async function* planRoots(
  config: PageSourceConfig,
  context: Pick<SourceContext, 'root' | 'logger'>,
  signal: AbortSignal,
): AsyncGenerator<NewUnit, void, void> {
  signal.throwIfAborted();
  const sitemaps = config.sitemaps.map((text) => new Template(text));
  const start = config.start.map((text) => new Template(text));
  const used = valuesInFields(config);
  const isVaried = Object.keys(config.for).length > 0;
  // Without `for` all are at hand: each is planned once.
  const planned = new Set<string>();
  const bad: string[] = [];
  let badCount = 0;
  const options = { needed: namesInRoots(config) };
  for await (const { values, group } of forUnits(config.for, options, context, signal)) {
    const heritage = { values: used(values), group };
    for (const template of [...sitemaps, ...start]) {
      const text = render(template, values);
      const target = canonicalUrl(text);
      if (target === null) {
        badCount += 1;
        if (bad.length < shownUrls) bad.push(`"${text.slice(0, 200)}"`);
        continue;
      }
      const unit = sitemaps.includes(template)
        ? sitemapUnit(target, 0, heritage)
        : startUnit(target, heritage);
      if (planned.has(unit.key)) continue;
      if (!isVaried) planned.add(unit.key);
      yield unit;
    }
  }
  if (badCount === 0) return;
  const more = badCount > bad.length ? ` and ${badCount - bad.length} more` : '';
  const message = `Passed over, since they are no http or https URLs: ${bad.join(', ')}${more}.`;
  context.logger.warn({ code: 'FOR_URL_INVALID', urls: badCount }, message);
}

/** The hosts of start pages and sitemaps. */
export interface RootHosts {
  readonly hosts: readonly string[];
  /** Some come from a file: they are known only as it is read. */
  readonly isOpen: boolean;
}

/** The hosts of start pages and sitemaps, as far as the collection has them. */
export function rootHosts(config: PageSourceConfig): RootHosts {
  const hosts = new Set<string>();
  let isOpen = false;
  for (const text of [...config.start, ...config.sitemaps]) {
    const inHost = namesInHost(text);
    if (inHost.some((name) => isFile(config.for[name] ?? []))) {
      isOpen = true;
      continue;
    }
    const template = new Template(text);
    const elsewhere = Object.fromEntries(template.names.map((name) => [name, 'x']));
    for (const values of listedValues(config.for, inHost)) {
      const host = canonicalUrl(render(template, { ...elsewhere, ...values }))?.host;
      if (host !== undefined) hosts.add(host);
    }
  }
  return { hosts: [...hosts], isOpen };
}

/** Every start page's and sitemap's text, with its place. */
export function rootTexts(config: PageSourceConfig): (readonly [path: string, text: string])[] {
  return [
    ...config.start.map((text, i) => [`source.start.${i}`, text] as const),
    ...config.sitemaps.map((text, i) => [`source.sitemaps.${i}`, text] as const),
  ];
}

/**
 * A start page or sitemap as it would be for the first combination; undefined where that stands in a file only, or is
 * not known to `for`.
 */
export function exampleOf(config: PageSourceConfig, text: string): string | undefined {
  const template = new Template(text);
  const values: Record<string, JsonObject[string]> = {};
  for (const name of template.names) {
    const list = config.for[name];
    if (list === undefined) return undefined;
    if (isFile(list) && namesInHost(text).includes(name)) return undefined;
    values[name] = isFile(list) ? 'x' : (list[0] ?? '');
  }
  return render(template, values);
}

/** What is wrong with the files that `for` names. */
export async function checkRootFiles(config: PageSourceConfig, root: string): Promise<Problem[]> {
  const { checkFor } = await import('../forValues/checkFor.ts');
  return checkFor(config.for, namesInRoots(config), root);
}

function render(template: Template, values: JsonObject): string {
  return template.renderOpen(values, urlEncoder(template));
}

function namesInRoots(config: PageSourceConfig): ReadonlySet<string> {
  return new Set(rootTexts(config).flatMap(([, text]) => new Template(text).names));
}

/** The names that a URL's host depends on. */
function namesInHost(text: string): readonly string[] {
  const host = /^[^/]*:\/\/[^/?#]*/.exec(text)?.[0] ?? text;
  return new Template(host).names;
}

/** Only what fields are taken from goes along with every page. */
function valuesInFields({
  fields,
}: PageSourceConfig): (values: JsonObject) => JsonObject | undefined {
  const names = new Set<string>();
  for (const field of Object.values(fields)) {
    if (typeof field === 'string' || field.from === undefined || !isForPath(field.from)) continue;
    const [name = ''] = /\w+/.exec(field.from.slice('for.'.length)) ?? [];
    names.add(name);
  }
  if (names.size === 0) return () => undefined;
  return (values) => Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
}

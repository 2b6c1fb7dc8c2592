import { basename } from 'node:path';
import { readCollectionText } from '../../core/collectionText.ts';
import { messageOf, UsageError, type Problem } from '../../core/errors.ts';
import { getKey, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import { checkSource } from '../../sources/registry.ts';
import { readJsonFile, type Detected } from './detect.ts';
import { leaveOutBrowser, mapBrowser, usesBrowser } from './gliderBrowser.ts';
import { mapHtmlFields, selectorsOf, type LeaveOut } from './gliderFields.ts';
import { mapJsonSource } from './gliderJson.ts';
import {
  leaveOutTheRest,
  mapLimits,
  mapRecord,
  mapRequest,
  mapRetry,
  numberOf,
  textOf,
  textsOf,
} from './gliderSettings.ts';
import { count } from './importNotes.ts';
import {
  withMadeCollection,
  type CollectionToMake,
  type ImportTask,
  type NamedCollection,
} from './importTask.ts';
import { cssOfXpath } from './xpath.ts';

/** What glider paged through when nothing else was said. */
const defaultMaxPages = 5;

/** Makes a collection file of every glider configuration. */
export async function importGliderConfigs(task: ImportTask, detected: Detected): Promise<void> {
  if (task.collection !== undefined) {
    throw new UsageError(
      'COLLECTION_NOT_WANTED',
      `${task.path} becomes a collection file itself: leave --collection away, or name the data folder of a run.`,
      { path: task.path },
    );
  }
  if (task.name !== undefined && detected.files.length > 1) {
    throw new UsageError(
      'ONE_NAME_FOR_SEVERAL',
      `${task.path} has ${detected.files.length} configurations: leave --name away, or import them one by one.`,
      { path: task.path },
    );
  }
  for (const file of detected.files) {
    await withGliderCollection(task, file, undefined, () => Promise.resolve());
  }
}

/** Makes a collection file of one configuration, and does something with it. */
export async function withGliderCollection(
  task: ImportTask,
  path: string,
  imported: CollectionToMake['imported'],
  action: (made: NamedCollection) => Promise<void>,
): Promise<void> {
  const config = await readJsonFile(task.environment.ports.fileSystem, path);
  if (!isJsonObject(config)) {
    throw new UsageError('NOT_EARLIER_DATA', `${path} is no configuration of glider.`, { path });
  }
  const shown = basename(path);
  const content = await toCollection(config, task.name, (what, why) => {
    task.notes.notCarriedOver(`${shown}: ${what}`, why);
  });
  const comment = [`Made by cf-collect import from ${shown} of glider.`];
  await withMadeCollection(task, { content, comment, imported }, async (made) => {
    const fields = Object.keys(
      'fields' in made.collection.source ? (made.collection.source.fields ?? {}) : {},
    );
    task.notes.carriedOver(
      `${shown} with ${count(fields.length, 'field')} as ${basename(made.file)}`,
    );
    await action(made);
  });
}

/**
 * A collection that does what a glider configuration says.
 *
 * @throws UsageError when nothing would be left that makes sense.
 */
async function toCollection(
  config: JsonObject,
  name: string | undefined,
  leaveOut: LeaveOut,
): Promise<{ readonly name: string }> {
  const fields = config['fields'];
  const list = Array.isArray(fields) ? (fields as readonly JsonValue[]) : [];
  const isJson = config['response_type'] === 'json';
  const start = startUrls(config);
  const source = isJson
    ? mapJsonSource(config, list, start, leaveOut)
    : pageSource(config, list, start, leaveOut);
  const request = mapRequest(config, leaveOut);
  leaveOutTheRest(config, isJson, leaveOut);
  leaveOutBrowser(config, leaveOut);
  const record = mapRecord(config, leaveOut);
  const content = {
    name: toFileName(name ?? textOf(config, 'name') ?? 'glider'),
    source: { ...source, ...(Object.keys(request).length === 0 ? {} : { request }) },
    ...(Object.keys(record).length === 0 ? {} : { record }),
    limits: mapLimits(config),
    ...mapRetry(config, leaveOut),
  };
  return checked(content, leaveOut);
}

function startUrls(config: JsonObject): string[] {
  const isList = config['mode'] === 'list';
  const urls = isList ? textsOf(config['start_urls']) : textsOf([config['base_url'] ?? null]);
  const sitemaps = textsOf(config['sitemap_urls']);
  if (urls.length + sitemaps.length > 0) return urls;
  throw new UsageError(
    'GLIDER_CONFIG_INCOMPLETE',
    `The configuration "${textOf(config, 'name') ?? ''}" has no ${isList ? 'start_urls' : 'base_url'}, so there is nothing to collect from.`,
    {},
  );
}

function pageSource(
  config: JsonObject,
  list: readonly JsonValue[],
  start: readonly string[],
  leaveOut: LeaveOut,
): object {
  const { items, fields } = mapHtmlFields(list, leaveOut);
  const sitemaps = textsOf(config['sitemap_urls']);
  return {
    type: usesBrowser(config) ? 'browser' : 'html',
    start,
    ...(sitemaps.length === 0 ? {} : { sitemaps }),
    ...mapPaging(config, leaveOut),
    ...(items === undefined ? {} : { items }),
    fields,
    robots: config['respect_robots_txt'] === true ? 'obey' : 'ignore',
    ...mapBrowser(config, leaveOut),
  };
}

/** Each next page is one link further from the first. */
function mapPaging(config: JsonObject, leaveOut: LeaveOut): object {
  const { pagination } = config;
  const policy = config['url_policy'];
  const hosts = isJsonObject(policy) ? textsOf(policy['allowed_domains']) : [];
  const scope = hosts.length === 0 ? {} : { hosts };
  if (config['mode'] === 'list' || !isJsonObject(pagination)) {
    if (config['mode'] === 'list' && isJsonObject(pagination))
      leaveOut('pagination', 'glider did not use it in list mode');
    return { scope: { ...scope, maxDepth: 0 } };
  }
  const maxPages = numberOf(pagination, 'max_pages') ?? defaultMaxPages;
  const [selector] = selectorsOf(pagination);
  const css =
    selector?.type === 'xpath'
      ? cssOfXpath(selector.value)?.css
      : selector?.type === 'css'
        ? selector.value
        : undefined;
  if (css === undefined) {
    leaveOut(
      `pagination.selector ${selector?.value ?? ''}`,
      'no CSS selector says the same: put one into source.follow',
    );
    return { scope: { ...scope, maxDepth: 0 } };
  }
  return { follow: [css], scope: { ...scope, maxDepth: Math.max(0, maxPages - 1) } };
}

/** Makes sure that the file will be accepted: what our own check refuses is left out, with its words as the reason. */
async function checked<T extends { readonly name: string; readonly source: object }>(
  content: T,
  leaveOut: LeaveOut,
): Promise<T> {
  let current = content;
  for (;;) {
    const { collection } = readCollectionText(JSON.stringify(current), 'configuration');
    const [problem] = await checkSource(collection.source);
    if (problem === undefined) return current;
    const without = withoutPart(current, problem);
    if (without === undefined) throw unusable(problem);
    leaveOut(problem.path.replace(/^source\./, ''), messageOf(new Error(problem.message)));
    current = without;
  }
}

function unusable({ code, message }: Problem): UsageError {
  return new UsageError(
    'GLIDER_CONFIG_UNUSABLE',
    code === 'NO_FIELDS'
      ? 'None of its fields can be carried over, so there is nothing to collect.'
      : `It can't be carried over: ${message}`,
    {},
  );
}

/** The collection without the field or the link selector that a problem is about. */
function withoutPart<T extends { readonly source: object }>(
  content: T,
  { path }: Problem,
): T | undefined {
  const source = content.source as JsonObject;
  const fields = getKey(source, 'fields');
  const field = isJsonObject(fields)
    ? Object.keys(fields)
        .filter((name) => `${path}.`.startsWith(`source.fields.${name}.`))
        .sort((a, b) => b.length - a.length)[0]
    : undefined;
  if (field !== undefined && isJsonObject(fields)) {
    const left = Object.entries(fields).filter(([name]) => name !== field);
    return { ...content, source: { ...source, fields: Object.fromEntries(left) } };
  }
  if (!path.startsWith('source.follow')) return undefined;
  return { ...content, source: { ...source, follow: undefined } };
}

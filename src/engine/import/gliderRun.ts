import { basename, dirname, join } from 'node:path';
import { walksPages } from '../../core/config/pageSources.ts';
import { UsageError } from '../../core/errors.ts';
import type { ImportedEvent } from '../../core/events.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { canonicalUrl } from '../../sources/html/canonicalUrl.ts';
import { pageUnit } from '../../sources/html/units.ts';
import { sha256Hex } from '../../storage/dataFile.ts';
import { readScrapedJobs, type ScrapedJob } from '../../storage/earlierDatabase.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import type { EarlierRecord } from './earlierRecords.ts';
import { readJsonFile, type Detected } from './detect.ts';
import { withGliderCollection } from './gliderConfig.ts';
import { count } from './importNotes.ts';
import {
  importedFrom,
  namedCollection,
  type ImportTask,
  type NamedCollection,
} from './importTask.ts';
import { importedUnit, makeSession, type EarlierUnit } from './makeSession.ts';
import { recordsIn, scanLines } from './recordLines.ts';
import type { SourceFile } from './venueState.ts';

/** Carries a run of glider over: its records, and its pages as far as they are known to be done. */
export async function importGliderRun(task: ImportTask, detected: Detected): Promise<void> {
  const { fileSystem } = task.environment.ports;
  const { stream, database } = await filesOf(fileSystem, detected);
  const jobs = database === undefined ? [] : await readScrapedJobs(fileSystem, database);
  const sources: SourceFile[] = [];
  if (stream !== undefined) {
    sources.push(await scanLines(fileSystem, stream, task.notes, task.job.signal));
  }
  if (database !== undefined) sources.push(await wholeFile(fileSystem, database));
  const imported = importedFrom(detected.kind, task, sources);
  const run = { stream, database, jobs, imported };
  const named = await namedCollection(task);
  if (named !== undefined) {
    await carryOver(task, run, named);
    return;
  }
  const config = await configOf(task, detected.folder, jobs);
  await withGliderCollection(task, config, imported, (made) => carryOver(task, run, made));
}

interface GliderRun {
  readonly stream: string | undefined;
  readonly database: string | undefined;
  readonly jobs: readonly ScrapedJob[];
  readonly imported: Omit<ImportedEvent, 'type'>;
}

async function carryOver(
  task: ImportTask,
  { stream, database, jobs, imported }: GliderRun,
  { file, collection }: NamedCollection,
): Promise<void> {
  const { environment, notes, job, workspace } = task;
  const { fileSystem } = environment.ports;
  const { source, name } = collection;
  if (!walksPages(source)) {
    throw new UsageError(
      'COLLECTION_MISMATCH',
      `${file} has a source of type "${source.type}". glider walked pages: name a collection with an html or browser source.`,
      { file },
    );
  }
  const pages = pageUnits(task, jobOf(file, name, jobs), database ?? '');
  const units: EarlierUnit[] =
    stream === undefined
      ? pages
      : [
          ...pages,
          {
            unit: importedUnit(basename(stream)),
            doneBy: `imported from ${basename(stream)}`,
            records: entriesIn(fileSystem, stream),
          },
        ];
  const work = { workspace, collectionFile: file, collection, imported, units, total: null };
  const made = await makeSession(environment, work, job);
  notes.session(made);
  const done = pages.filter(({ doneBy }) => doneBy !== undefined).length;
  if (done > 0) {
    notes.carriedOver(`${count(done, 'page')} done, not to be fetched again`);
    notes.warn(
      `glider removed temp_stream.jsonl at each start: records of pages that were done before its last start may be missing from the ${made.records} that are carried over. Start a new session of the collection to fetch every page again.`,
    );
  }
}

/** The units of the pages that the database has. */
function pageUnits(
  { notes }: ImportTask,
  job: ScrapedJob | undefined,
  database: string,
): EarlierUnit[] {
  const units = new Map<string, EarlierUnit>();
  for (const { url, isDone } of job?.urls ?? []) {
    const target = canonicalUrl(url);
    if (target === null) {
      notes.notCarriedOver(url, 'it is no http or https URL');
      continue;
    }
    const unit = pageUnit(target, { depth: 0, named: true });
    const wasDone = units.get(unit.key)?.doneBy !== undefined;
    const doneBy = isDone || wasDone ? `imported from ${basename(database)}` : undefined;
    units.set(unit.key, { unit, doneBy, records: [] });
  }
  return [...units.values()];
}

/** A job of the database by the collection's name; the only one where there is one. */
function jobOf(file: string, name: string, jobs: readonly ScrapedJob[]): ScrapedJob | undefined {
  const own = jobs.find((job) => comparable(job.name) === comparable(name));
  if (own !== undefined || jobs.length <= 1) return own ?? jobs[0];
  throw new UsageError(
    'COLLECTION_MISMATCH',
    `checkpoints.db has the jobs ${jobs.map((job) => job.name).join(', ')}, and none is called "${name}" as ${file} is.`,
    { file },
  );
}

function comparable(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '_');
}

/**
 * The entries of glider's stream: a line is a page, or a batch of pages in `items`; a page with nothing but one list of
 * objects is that list.
 */
async function* entriesIn(
  fileSystem: FileSystem,
  stream: string,
): AsyncGenerator<EarlierRecord, void, void> {
  for await (const { record: line } of recordsIn(fileSystem, stream)) {
    const batch = onlyList(line, 'items');
    for (const page of batch ?? [line]) {
      for (const record of onlyList(page) ?? [page]) yield { record };
    }
  }
}

/** The list of objects that an object has as its only value. */
function onlyList(value: JsonObject, name?: string): readonly JsonObject[] | undefined {
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0 || (name !== undefined && entry[0] !== name))
    return undefined;
  const list = entry[1];
  if (!Array.isArray(list)) return undefined;
  const objects = (list as readonly JsonValue[]).filter(isJsonObject);
  return objects.length === list.length ? objects : undefined;
}

/** Stream and database beside each other, whichever of them was named. */
async function filesOf(
  fileSystem: FileSystem,
  { folder, files }: Detected,
): Promise<{ stream: string | undefined; database: string | undefined }> {
  const named = (isWanted: (name: string) => boolean): string | undefined =>
    files.find((file) => isWanted(basename(file)));
  const beside = async (name: string): Promise<string | undefined> => {
    const path = join(folder, name);
    return (await fileSystem.status(path)) === undefined ? undefined : path;
  };
  return {
    stream: named((n) => n.endsWith('.jsonl')) ?? (await beside('temp_stream.jsonl')),
    database: named((n) => !n.endsWith('.jsonl')) ?? (await beside('checkpoints.db')),
  };
}

/** The configuration that a run was made with, looked for near its data. */
async function configOf(
  { environment, path }: ImportTask,
  folder: string,
  jobs: readonly ScrapedJob[],
): Promise<string> {
  const { fileSystem } = environment.ports;
  const names = new Set(jobs.map((job) => comparable(job.name)));
  const found: string[] = [];
  for (const near of [folder, dirname(folder), join(dirname(folder), 'configs')]) {
    if ((await fileSystem.status(near))?.isDirectory !== true) continue;
    for (const file of await fileSystem.list(near)) {
      if (!file.endsWith('.json')) continue;
      const config = await readJsonFile(fileSystem, join(near, file)).catch(() => null);
      const name = isJsonObject(config) && Array.isArray(config['fields']) ? config['name'] : null;
      if (typeof name !== 'string') continue;
      if (names.size === 0 || names.has(comparable(name))) found.push(join(near, file));
    }
  }
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const which =
    found.length === 0
      ? 'no configuration of it is near'
      : `it may belong to ${found.map((file) => basename(file)).join(', ')}`;
  throw new UsageError(
    'COLLECTION_NEEDED',
    `${path} is the data of a glider run, and ${which}. Import its configuration first (cf-collect import CONFIG.json), then name the collection file that this makes with --collection.`,
    { path },
  );
}

async function wholeFile(fileSystem: FileSystem, path: string): Promise<SourceFile> {
  return { path, sha256: sha256Hex(await fileSystem.readWhole(path)) };
}

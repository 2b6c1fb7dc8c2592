import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { getKey, isJsonObject, type JsonObject } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import { isInside, SessionLayout, toRelative } from '../../storage/layout.ts';
import { findStateRoot, listSessions } from '../../storage/sessions.ts';
import type { NewUnit } from '../../core/unit.ts';
import { isOfThisProgram, readJsonFile, type Detected } from './detect.ts';
import { count } from './importNotes.ts';
import { boughtFollowUps } from './boughtFollowUps.ts';
import { collectionPath } from './collectionFile.ts';
import {
  importedFrom,
  namedCollection,
  withMadeCollection,
  type ImportTask,
  type NamedCollection,
} from './importTask.ts';
import { importedUnit, makeSession, type EarlierUnit } from './makeSession.ts';
import { plannedUnits } from './plannedUnits.ts';
import { recordsIn, scanLines, type ScannedLines } from './recordLines.ts';

const checkpointName = 'collection_checkpoint.json';
const pairKey = ['tweet_id', 'reply_id'];

/** Carries masters of reply-guyd over: their pairs, and the queries that were done as far as the collection knows them. */
export async function importReplyGuyd(task: ImportTask, detected: Detected): Promise<void> {
  const { environment, notes, job } = task;
  const { fileSystem } = environment.ports;
  const checkpoint = await readProgress(task, detected);
  const place = collectionPath(task.workspace, 'any');
  const root = await findStateRoot(fileSystem, place, task.workspace);
  const masters = await foreignMasters(task, root, await mastersOf(task, detected, checkpoint));
  const scans: ScannedLines[] = [];
  for (const master of masters) {
    scans.push(await scanLines(fileSystem, master, notes, job.signal));
  }
  if (detected.kind === 'reply-guyd-checkpoint-data') {
    notes.warn(
      'checkpoint_data.jsonl was written anew for each query: it has the pairs of the last one only.',
    );
  }
  const named = await namedCollection(task);
  if (named !== undefined) {
    await carryOver(task, detected, named, scans, checkpoint);
    return;
  }
  const prefix = /^(.+?)_master_/.exec(basename(masters[0] ?? ''))?.[1] ?? 'training_data';
  const content = {
    name: toFileName(task.name ?? prefix),
    source: { type: 'files', inputs: masters.map((path) => inputOf(root, path)) },
    record: { key: pairKey },
  };
  const comment = [
    `Made by cf-collect import from ${masters.map((path) => basename(path)).join(', ')} of reply-guyd.`,
    'Its pairs live on in a session; add further JSONL files to "inputs" in a new session.',
  ];
  const imported = importedFrom(detected.kind, task, scans);
  await withMadeCollection(task, { content, comment, imported }, (made) =>
    carryOver(task, detected, made, scans, checkpoint),
  );
}

async function carryOver(
  task: ImportTask,
  detected: Detected,
  { file, collection }: NamedCollection,
  scans: readonly ScannedLines[],
  checkpoint: JsonObject | undefined,
): Promise<void> {
  const { environment, notes, job, workspace } = task;
  const { fileSystem } = environment.ports;
  refuseOtherKey(file, collection.record.key);
  const planned: NewUnit[] = [];
  const root = await findStateRoot(fileSystem, file, workspace);
  const layout = new SessionLayout(root, 'none');
  for await (const unit of plannedUnits(environment, collection, layout, job.signal))
    planned.push(unit);
  const isFiles = collection.source.type === 'files';
  const units: EarlierUnit[] = scans.map(({ path }, i) => {
    const own = isFiles ? planned.find(({ key }) => resolve(root, key) === path) : undefined;
    const unit =
      own ?? importedUnit(scans.length === 1 ? basename(path) : `${i}_${basename(path)}`);
    const doneBy = `imported from ${basename(path)}`;
    return { unit, doneBy, records: recordsIn(fileSystem, path) };
  });
  units.push(...doneQueries(task, checkpoint, isFiles ? [] : planned));
  for (const { path } of scans) {
    const bought = await boughtFollowUps(collection, recordsIn(fileSystem, path));
    const doneBy = `imported from ${basename(path)}`;
    units.push(...bought.map((unit) => ({ unit, doneBy, records: [] })));
    if (bought.length > 0)
      notes.carriedOver(
        `tweets whose replies are in ${basename(path)}, not to be bought again: ${bought.length}`,
      );
  }
  const made = await makeSession(
    environment,
    {
      workspace,
      collectionFile: file,
      collection,
      imported: importedFrom(detected.kind, task, scans),
      units,
      total: scans.reduce((sum, { records }) => sum + records, 0),
    },
    job,
  );
  notes.session(made);
  tellProgress(task, checkpoint, scans);
}

/** Queries that were done become done units where the collection plans them. */
function doneQueries(
  { notes }: ImportTask,
  checkpoint: JsonObject | undefined,
  planned: readonly NewUnit[],
): EarlierUnit[] {
  const queries = textsOf(checkpoint, 'processed_queries');
  const units: EarlierUnit[] = [];
  const left: string[] = [];
  for (const query of queries) {
    const unit = planned.find(({ input }) => hasValue(input, query));
    if (unit === undefined) left.push(query);
    else units.push({ unit, doneBy: `imported from ${checkpointName}`, records: [] });
  }
  if (units.length > 0) notes.carriedOver(`done queries: ${units.length}`);
  if (left.length > 0) {
    notes.notCarriedOver(
      `the queries that were done: ${left.join('; ')}`,
      'the collection has no unit for them. To go on, make a collection of the template apify-tweet-replies with all queries, also those that are left, in "for", and import with --collection FILE',
    );
  }
  return units;
}

function hasValue(input: JsonObject, text: string): boolean {
  const values = getKey(input, 'for');
  return isJsonObject(values) && Object.values(values).includes(text);
}

/** What the progress file says beside the master. */
function tellProgress(
  { notes }: ImportTask,
  checkpoint: JsonObject | undefined,
  scans: readonly ScannedLines[],
): void {
  const unflushed = numberOf(checkpoint, 'unflushed_count');
  if (unflushed > 0) {
    notes.notCarriedOver(
      `${count(unflushed, 'pair')} that ${checkpointName} calls unflushed`,
      'they were in memory only and are in no file',
    );
  }
  const flushed = numberOf(checkpoint, 'flushed_to_master');
  const found = scans.reduce((sum, { records }) => sum + records, 0);
  if (flushed > found) {
    notes.warn(`${checkpointName} says that ${flushed} pairs were written; ${found} are there.`);
  }
  if (isJsonObject(getKey(checkpoint ?? {}, 'author_counts'))) {
    notes.notCarriedOver(
      'author_counts',
      'they are counted anew from the records where limits.perKey is set',
    );
  }
}

async function readProgress(
  { environment, path, notes }: ImportTask,
  detected: Detected,
): Promise<JsonObject | undefined> {
  const { fileSystem } = environment.ports;
  const file = basename(path).endsWith('.json') ? path : join(detected.folder, checkpointName);
  if ((await fileSystem.status(file)) === undefined) return undefined;
  try {
    const value = await readJsonFile(fileSystem, file);
    if (isJsonObject(value)) return isOfThisProgram(value) ? undefined : value;
  } catch {
    // Told below.
  }
  notes.warn(`${file} can't be read: what it says of the progress is left out.`);
  return undefined;
}

/** The masters themselves, also where the progress file was named. */
async function mastersOf(
  { environment }: ImportTask,
  detected: Detected,
  checkpoint: JsonObject | undefined,
): Promise<string[]> {
  const named = detected.files.filter((file) => file.endsWith('.jsonl'));
  if (named.length > 0) return named;
  const master = getKey(checkpoint ?? {}, 'master_data_file');
  const progress = detected.files[0] ?? '';
  const path = typeof master === 'string' ? join(dirname(progress), basename(master)) : undefined;
  if (path !== undefined && (await environment.ports.fileSystem.status(path)) !== undefined)
    return [path];
  throw new UsageError(
    'MASTER_MISSING',
    `${progress} names the master ${JSON.stringify(master ?? null)}, which is not beside it. Put it there, or import the master itself.`,
    { path: progress },
  );
}

/** Without the masters that sessions of this program write. */
async function foreignMasters(
  { environment, path }: ImportTask,
  root: string,
  masters: readonly string[],
): Promise<string[]> {
  const { fileSystem, machine } = environment.ports;
  const owners = new Map<string, string>();
  for (const { layout, view } of await listSessions(fileSystem, machine, root)) {
    for (const { file } of view.files) owners.set(layout.absolute(file), layout.session);
  }
  const foreign = masters.filter((master) => !owners.has(master));
  const [own] = masters;
  if (foreign.length === 0 && own !== undefined) {
    const session = owners.get(own) ?? '';
    throw new UsageError(
      'ALREADY_A_MASTER',
      `${path} is the master of ${session}: there is nothing to import.`,
      { path, session },
    );
  }
  return foreign;
}

/** How a collection names a file: as its source finds it again when the workspace is moved. */
function inputOf(root: string, path: string): string {
  return isInside(root, path) ? toRelative(root, path) : path;
}

function refuseOtherKey(file: string, key: readonly string[] | undefined): void {
  if (key === undefined || key.every((field) => pairFields.has(field))) return;
  throw new UsageError(
    'COLLECTION_MISMATCH',
    `${file} tells records apart by ${key.join(', ')}, and a pair of reply-guyd has no such field. Its own key is ${pairKey.join(', ')}.`,
    { file },
  );
}

const pairFields: ReadonlySet<string> = new Set([
  ...pairKey,
  'tweet',
  'tweet_author',
  'tweet_likes',
  'tweet_retweets',
  'tweet_created_at',
  'reply',
  'reply_author',
  'reply_author_followers',
  'reply_likes',
  'reply_retweets',
  'reply_created_at',
  'reply_time_diff_seconds',
  'collected_at',
]);

function textsOf(value: JsonObject | undefined, name: string): string[] {
  const list = getKey(value ?? {}, name);
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function numberOf(value: JsonObject | undefined, name: string): number {
  const number = getKey(value ?? {}, name);
  return typeof number === 'number' ? number : 0;
}

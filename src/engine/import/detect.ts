import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../../core/errors.ts';
import type { EarlierData } from '../../core/importReport.ts';
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { withFile, readFully } from '../../storage/fileSystem.ts';
import { readLines } from '../../storage/journalReader.ts';

/** What a path turned out to hold. Paths are absolute. */
export interface Detected {
  readonly kind: EarlierData;
  /** compute-forecast: the `.cf_state` folder. Else the folder that the files are in. */
  readonly folder: string;
  /** The files to carry over; for a whole `.cf_state` none are named. */
  readonly files: readonly string[];
}

const whatCanBeImported = `What can be imported:
  a .cf_state folder of compute-forecast, or one of its checkpoints (iclr_2024_checkpoint.json, checkpoint_*.json)
  a training_data_master_*.jsonl, collection_checkpoint.json or checkpoint_data.jsonl of reply-guyd
  a configuration of glider (JSON with "name" and "fields"), or a folder of them
  a data folder of glider with temp_stream.jsonl and checkpoints.db`;

/**
 * Finds out which earlier system a file or folder is from.
 *
 * @throws UsageError `NOTHING_THERE`, `EMPTY_FOLDER` or `NOT_EARLIER_DATA`, saying what can be imported.
 */
export async function detect(fileSystem: FileSystem, path: string): Promise<Detected> {
  const status = await fileSystem.status(path);
  if (status === undefined) {
    throw new UsageError('NOTHING_THERE', `There is no ${path}.`, { path });
  }
  const found = status.isDirectory
    ? await detectFolder(fileSystem, path)
    : await detectFile(fileSystem, path);
  if (found !== undefined) return found;
  throw new UsageError(
    'NOT_EARLIER_DATA',
    `${path} is nothing that CF Collector can import. ${whatCanBeImported}`,
    { path },
  );
}

async function detectFolder(fileSystem: FileSystem, folder: string): Promise<Detected | undefined> {
  const names = (await fileSystem.list(folder)).sort();
  if (names.length === 0) {
    throw new UsageError('EMPTY_FOLDER', `${folder} is empty. ${whatCanBeImported}`, {
      path: folder,
    });
  }
  const has = (name: string): boolean => names.includes(name);
  if (has('temp_stream.jsonl') || has('checkpoints.db')) {
    const files = ['temp_stream.jsonl', 'checkpoints.db'].filter(has);
    return { kind: 'glider-run', folder, files: files.map((name) => join(folder, name)) };
  }
  if (await isComputeForecastState(fileSystem, folder, names)) {
    return { kind: 'compute-forecast-state', folder, files: [] };
  }
  const masters: string[] = [];
  const configs: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    if (!/\.jsonl?$/.test(name) || (await fileSystem.status(path))?.isDirectory === true) continue;
    const one = await detectFile(fileSystem, path);
    if (one?.kind === 'reply-guyd-master' || one?.kind === 'reply-guyd-checkpoint-data')
      masters.push(...one.files);
    if (one?.kind === 'glider-config') configs.push(path);
  }
  if (masters.length > 0) {
    const files = [...new Set(masters)];
    const isOld = files.every((file) => basename(file) === oldDataFile);
    return { kind: isOld ? 'reply-guyd-checkpoint-data' : 'reply-guyd-master', folder, files };
  }
  if (configs.length > 0) return { kind: 'glider-config', folder, files: configs };
  // The folder of a project: its data is one or two folders down.
  for (const inner of ['.cf_state', 'data', 'raw', 'configs']) {
    const path = join(folder, inner);
    if (!has(inner) || (await fileSystem.status(path))?.isDirectory !== true) continue;
    if ((await fileSystem.list(path)).length === 0) continue;
    const found = await detectFolder(fileSystem, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function isComputeForecastState(
  fileSystem: FileSystem,
  folder: string,
  names: readonly string[],
): Promise<boolean> {
  for (const inner of ['collect', 'sessions', 'consolidate'].filter((name) =>
    names.includes(name),
  )) {
    if ((await fileSystem.list(join(folder, inner)).catch(() => [])).length > 0) return true;
  }
  return false;
}

const oldDataFile = 'checkpoint_data.jsonl';

async function detectFile(fileSystem: FileSystem, path: string): Promise<Detected | undefined> {
  const folder = dirname(path);
  const name = basename(path);
  const is = (kind: EarlierData, files = [path], where = folder): Detected => ({
    kind,
    folder: where,
    files,
  });
  if (name === 'temp_stream.jsonl' || (await isDatabase(fileSystem, path))) return is('glider-run');
  if (name.endsWith('.jsonl')) {
    const record = await firstRecord(fileSystem, path);
    if (record === undefined || !('tweet_id' in record && 'reply_id' in record)) return undefined;
    return is(name === oldDataFile ? 'reply-guyd-checkpoint-data' : 'reply-guyd-master');
  }
  if (!/\.json(?:\.gz)?$/.test(name)) return undefined;
  const value = await readJsonFile(fileSystem, path).catch(() => undefined);
  if (!isJsonObject(value)) return undefined;
  const has = (...keys: readonly string[]): boolean =>
    keys.every((key) => Object.hasOwn(value, key));
  if (has('checkpoint_id', 'session_id') || has('venue', 'year', 'papers_collected')) {
    if (isOfThisProgram(value)) return undefined;
    return is('compute-forecast-state', [path], stateFolderAbove(path));
  }
  if (has('session_id', 'target_venues'))
    return is('compute-forecast-state', [], stateFolderAbove(path));
  if (has('processed_queries', 'master_data_file'))
    return isOfThisProgram(value) ? undefined : is('reply-guyd-master', [path]);
  // A collection file of ours has a source.
  if (has('name', 'fields') && Array.isArray(value['fields']) && !has('source'))
    return is('glider-config');
  return undefined;
}

/** Whether a file in an earlier system's form was written by this program: it says of which session. */
export function isOfThisProgram(value: JsonObject): boolean {
  return Object.hasOwn(value, 'session_id') && !Object.hasOwn(value, 'checkpoint_id');
}

/** The `.cf_state` that a checkpoint is in, else its own folder. */
function stateFolderAbove(path: string): string {
  for (let at = dirname(path); dirname(at) !== at; at = dirname(at)) {
    if (basename(at) === '.cf_state') return at;
  }
  return dirname(path);
}

async function isDatabase(fileSystem: FileSystem, path: string): Promise<boolean> {
  const head = await withFile(fileSystem, path, 'read', (file) => readFully(file, 0, 16));
  return head.toString('latin1') === 'SQLite format 3\0';
}

async function firstRecord(fileSystem: FileSystem, path: string): Promise<JsonObject | undefined> {
  let tried = 0;
  for await (const { bytes } of readLines(fileSystem, path, 0)) {
    try {
      const value = parseJson(bytes.toString());
      if (isJsonObject(value)) return value;
    } catch {
      // A torn or foreign line; one of the next may tell more.
    }
    tried += 1;
    if (tried === 100) return undefined;
  }
  return undefined;
}

/** A JSON file, also a compressed one. @throws when it is none. */
export async function readJsonFile(fileSystem: FileSystem, path: string): Promise<JsonValue> {
  const bytes = await fileSystem.readWhole(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().replace(/^\uFEFF/, '');
  // Python writes numbers that JSON does not have; in texts the same letters are left alone.
  return parseJson(
    text.replace(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g, (found) =>
      found.startsWith('"') ? found : 'null',
    ),
  );
}

import { dirname, join } from 'node:path';
import { collectionSchema, type Collection } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import type { OnConflict } from '../../core/mergeManifest.ts';
import { fileTimestamp, toFileName } from '../../core/names.ts';
import { inputForm } from '../../sources/files/inputForm.ts';
import { inputStatus, type InputStatus } from '../../sources/files/inputStatus.ts';
import { isInside, toRelative } from '../../storage/layout.ts';
import { findStateRoot } from '../../storage/sessions.ts';
import { startUnfiled, type Launched } from '../launch.ts';
import type { Environment } from '../beginRun.ts';
import { checkNewOutput } from '../newOutput.ts';
import { manifestPath } from './manifest.ts';
import { sharedKey } from './sharedKey.ts';
import { tryInput } from './tryInput.ts';

/** What is to be merged, and how. */
export interface MergeRequest {
  /** Absolute path. */
  readonly workspace: string;
  /** Absolute paths, in the order in which the first wins. */
  readonly inputs: readonly string[];
  /** Absolute path of the new file; null: beside the first input, with the time in its name. */
  readonly output: string | null;
  /** Key fields; null: those of the sessions whose masters the inputs are, else the whole record. */
  readonly key: readonly string[] | null;
  readonly onConflict: OnConflict;
  /** Field to sort by; null: in the order of the inputs. */
  readonly sort: string | null;
}

interface Found extends InputStatus {
  readonly path: string;
}

/**
 * Begins to merge files into a new one: a session like every other, whose collection stands in no file. Everything that
 * can be known to be wrong is found before anything is made.
 *
 * @throws UsageError `NO_INPUTS`, `INPUT_UNREADABLE`, `INPUT_TWICE`, `INPUT_NO_RECORDS`, `INPUT_NO_KEY`,
 * `INPUT_NOT_UTF8`, `INPUT_DAMAGED`, `OUTPUT_EXISTS`, `OUTPUT_IS_INPUT`, `OUTPUT_NOT_JSONL`.
 */
export async function startMerge(
  environment: Environment,
  request: MergeRequest,
): Promise<Launched> {
  const { ports } = environment;
  const { workspace } = request;
  const root = await findStateRoot(
    ports.fileSystem,
    join(workspace, 'any.collect.json'),
    workspace,
  );
  const inputs = await findInputs(request.inputs);
  const output = await checkOutput(
    environment,
    request.output ?? defaultOutput(request.inputs, ports.clock.now()),
    inputs,
    root,
  );
  const key = request.key ?? (await sharedKey(ports, root, request.inputs));
  let expected = 0;
  for (const { path, bytes } of inputs) expected += (await tryInput(path, bytes, key)).lines;
  const collection = mergeCollection({ ...request, key }, inputs, output, root, expected);
  return startUnfiled(environment, root, collection, output);
}

/** Every input, there and different from the others. */
async function findInputs(paths: readonly string[]): Promise<Found[]> {
  if (paths.length === 0) throw new UsageError('NO_INPUTS', 'There is nothing to merge.');
  const found: Found[] = [];
  const known = new Map<string, string>();
  for (const path of paths) {
    const status = await inputStatus(path);
    const twin = known.get(status.identity);
    if (twin !== undefined) {
      const message =
        twin === path ? `${path} is named twice.` : `${path} and ${twin} are one file.`;
      throw new UsageError('INPUT_TWICE', message, { file: path });
    }
    known.set(status.identity, path);
    found.push({ path, ...status });
  }
  return found;
}

/** `papers_merged_20261121_161500.jsonl` where all inputs are of one collection, else `merged_20261121_161500.jsonl`. */
function defaultOutput(inputs: readonly string[], now: number): string {
  const [first = '', ...others] = inputs.map((path) => inputForm(path).stem.split('_master_')[0]);
  const isShared = first !== '' && others.every((prefix) => prefix === first);
  const name = `${isShared ? `${toFileName(first)}_` : ''}merged_${fileTimestamp(now)}.jsonl`;
  return join(dirname(inputs[0] ?? ''), name);
}

async function checkOutput(
  { ports }: Environment,
  output: string,
  inputs: readonly Found[],
  root: string,
): Promise<string> {
  const status = await ports.fileSystem.status(output);
  if (inputs.some((input) => input.path === output || input.identity === status?.identity)) {
    const message = `${output} is one of the files that are to be merged. Inputs are only read: name a new file.`;
    throw new UsageError('OUTPUT_IS_INPUT', message, { file: output });
  }
  await checkNewOutput(ports, output, root, [manifestPath(output)]);
  return output;
}

function mergeCollection(
  { key, onConflict, sort }: Pick<MergeRequest, 'key' | 'onConflict' | 'sort'>,
  inputs: readonly Found[],
  output: string,
  root: string,
  expected: number,
): Collection {
  const folder = toRelative(root, dirname(output));
  const name = toFileName(inputForm(output).stem);
  return collectionSchema.parse({
    name,
    source: {
      type: 'files',
      inputs: inputs.map(({ path, bytes, modifiedMs }) => ({
        path: isInside(root, path) ? toRelative(root, path) : path,
        bytes,
        modifiedMs,
      })),
      onConflict,
      ...(sort === null ? {} : { sort }),
    },
    record: key === null ? {} : { key },
    output: { dir: folder === '' ? '.' : folder, prefix: name },
    limits: { concurrency: 1 },
    // A merge that is killed again and again is no fault of its inputs: it goes on as often as a person resumes it.
    retry: { attempts: 1000 },
    dedup: { capacity: Math.min(50_000_000, Math.max(100_000, expected)) },
  });
}

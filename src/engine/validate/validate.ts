import type { ValidateFunction } from 'ajv';
import { messageOf, UsageError } from '../../core/errors.ts';
import type { JobContext } from '../../core/job.ts';
import { isJsonObject, parseJson, type JsonValue } from '../../core/json.ts';
import type { Clock } from '../../core/ports.ts';
import type { TargetReport, ValidationReport } from '../../core/validation.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import type { Machine } from '../../storage/machine.ts';
import { readUserFile } from '../../storage/workspaceFiles.ts';
import { compileRecordSchema } from '../prepare.ts';
import { checkPlainFile } from './plainFile.ts';
import { Progress } from './progress.ts';
import { checkSession } from './sessionCheck.ts';
import type { Tools } from './subject.ts';
import { findTargets, type Targets } from './targets.ts';

/** What validating needs from outside. */
export interface ValidationPorts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly via: 'cli' | 'window';
}

/** What is to be validated, and by what. */
export interface ValidationRequest {
  /** Absolute path of the workspace folder. */
  readonly workspace: string;
  /** Ids. With `paths` empty too: every session of the workspace. */
  readonly sessions: readonly string[];
  /** Files and folders. */
  readonly paths: readonly string[];
  /** Path of a JSON Schema file for records; null takes the collection's. */
  readonly schema: string | null;
  /** Whether indexes are made anew, where nobody holds the session. */
  readonly fixIndex: boolean;
}

/**
 * Checks sessions and files of JSON lines against everything that is promised of them. Reads only, but for `fixIndex`,
 * with memory that does not grow with the files. Ends soon when the context's signal says so: the report holds what was
 * found until then.
 *
 * @throws UsageError for a target or a schema that can't be used.
 */
export async function validate(
  ports: ValidationPorts,
  request: ValidationRequest,
  context: JobContext,
): Promise<ValidationReport> {
  const startedAt = new Date(ports.clock.now()).toISOString();
  const startedMs = ports.clock.monotonicMs();
  const schema = request.schema === null ? undefined : await readSchema(request.schema);
  const seeker = { ...ports, workspace: request.workspace };
  const targets = await findTargets(seeker, request.sessions, request.paths);
  const progress = new Progress(context);
  const tools: Tools = { ...ports, signal: context.signal, progress };
  await expect(targets, tools);
  const reports: TargetReport[] = [];
  for (const { layout } of targets.sessions) {
    if (context.signal.aborted) break;
    reports.push(await checkSession(layout, tools, { schema, fixIndex: request.fixIndex }));
  }
  for (const file of targets.files) {
    if (context.signal.aborted) break;
    reports.push(await checkPlainFile(file, tools, schema));
  }
  return {
    startedAt,
    durationMs: Math.round(ports.clock.monotonicMs() - startedMs),
    targets: reports,
    isValid: reports.every(({ errorCount }) => errorCount === 0),
    isCancelled: context.signal.aborted,
  };
}

/** Finds out how much there is to read. */
async function expect(
  { sessions, files }: Targets,
  { fileSystem, progress }: Tools,
): Promise<void> {
  const sizeOf = async (path: string): Promise<number> =>
    (await fileSystem.status(path))?.size ?? 0;
  for (const { layout, dataBytes } of sessions) {
    progress.expect((await sizeOf(layout.journal)) + dataBytes);
  }
  for (const file of files) progress.expect(await sizeOf(file));
}

async function readSchema(path: string): Promise<ValidateFunction> {
  const text = await readUserFile(path);
  try {
    const schema: JsonValue = parseJson(text);
    if (!isJsonObject(schema)) throw new Error('it is no object');
    return await compileRecordSchema(schema);
  } catch (error) {
    const message = `${path} is not a JSON Schema: ${messageOf(error)}.`;
    throw new UsageError('SCHEMA_UNUSABLE', message, { file: path });
  }
}

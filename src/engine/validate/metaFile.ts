import { hash } from 'node:crypto';
import { basename } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { hasCode, type FileSystem } from '../../storage/fileSystem.ts';
import type { SessionSubject } from './subject.ts';

/** A small JSON file with what its `.meta` says of it. */
export interface MetaFile {
  readonly path: string;
  readonly bytes: number;
  /** undefined when the file is no JSON object. */
  readonly json: JsonObject | undefined;
  /** Why it can't be trusted; undefined when every byte is as it was written. */
  readonly problem: string | undefined;
  readonly hasMeta: boolean;
  /** Of its bytes, hex. */
  readonly sha256: string;
  /** The same as its `.meta` has it; undefined when that does not say. */
  readonly saidSha256: JsonValue | undefined;
}

const rereads = 10;
const rereadAfterMs = 100;

/**
 * Reads a file and its `.meta`; undefined when there is no such file. The two are renamed into place one after the
 * other, so while somebody works on the session a pair that does not fit is read again.
 */
export async function readMetaFile(
  subject: SessionSubject,
  path: string,
): Promise<MetaFile | undefined> {
  for (let attempt = 1; ; attempt++) {
    const found = await readPair(subject.tools.fileSystem, path);
    if (found?.problem === undefined || !subject.isHeld || attempt >= rereads) return found;
    await subject.tools.clock.sleep(rereadAfterMs);
  }
}

async function readPair(fileSystem: FileSystem, path: string): Promise<MetaFile | undefined> {
  const bytes = await readIfThere(fileSystem, path);
  if (bytes === undefined) return undefined;
  const json = parseObject(bytes);
  const meta = await readIfThere(fileSystem, `${path}.meta`);
  const said = meta && parseObject(meta);
  const file = {
    path,
    bytes: bytes.length,
    json,
    hasMeta: meta !== undefined,
    sha256: hash('sha256', bytes, 'hex'),
    saidSha256: said?.['checksum'],
  };
  const problem = metaProblem(file, said) ?? (json === undefined ? 'it is not JSON' : undefined);
  return { ...file, problem };
}

function metaProblem(
  { path, bytes, hasMeta, sha256 }: Omit<MetaFile, 'problem'>,
  said: JsonObject | undefined,
): string | undefined {
  if (!hasMeta) return 'there is no .meta beside it';
  if (said === undefined) return 'its .meta can not be read';
  if (said['file_path'] !== basename(path)) return 'its .meta is of another file';
  if (said['size'] !== bytes) return `its .meta says it has ${show(said['size'])} bytes`;
  if (said['checksum'] !== sha256) return 'its bytes do not have the checksum that its .meta names';
  return undefined;
}

function show(value: JsonValue | undefined): string {
  return JSON.stringify(value ?? null);
}

function parseObject(bytes: Buffer): JsonObject | undefined {
  try {
    const value = JSON.parse(bytes.toString()) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function readIfThere(fileSystem: FileSystem, path: string): Promise<Buffer | undefined> {
  try {
    return await fileSystem.readWhole(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

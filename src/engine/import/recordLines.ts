import { createHash } from 'node:crypto';
import { messageOf } from '../../core/errors.ts';
import { isJsonObject, parseJson } from '../../core/json.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { readLines } from '../../storage/journalReader.ts';
import type { EarlierRecord } from './earlierRecords.ts';
import type { ImportNotes } from './importNotes.ts';
import type { SourceFile } from './venueState.ts';

/** Lines that are told one by one. */
const maxTold = 5;

/** What a look through a JSONL file came to. */
export interface ScannedLines extends SourceFile {
  /** Lines that are JSON objects. */
  readonly records: number;
}

/** Looks through a JSONL file: what can't be read is noted with its line. */
export async function scanLines(
  fileSystem: FileSystem,
  path: string,
  notes: ImportNotes,
  signal: AbortSignal,
): Promise<ScannedLines> {
  const hash = createHash('sha256');
  let [line, records, bad] = [0, 0, 0];
  for await (const { bytes, isWhole } of readLines(fileSystem, path, 0)) {
    signal.throwIfAborted();
    line += 1;
    hash.update(bytes);
    if (isWhole) hash.update('\n');
    const record = readRecord(bytes);
    if (!('why' in record)) {
      records += 1;
      continue;
    }
    if (record.why === undefined) continue;
    bad += 1;
    if (bad <= maxTold) {
      const why = isWhole ? record.why : 'it is torn: the process ended while it was written';
      notes.notCarriedOver(`${path}:${line}`, why);
    }
  }
  if (bad > maxTold) notes.notCarriedOver(`${bad - maxTold} more lines of ${path}`, 'no records');
  return { path, sha256: hash.digest('hex'), records };
}

/** The records of a JSONL file. Lines that are none are left out: {@link scanLines} has noted them. */
export async function* recordsIn(
  fileSystem: FileSystem,
  path: string,
): AsyncGenerator<Required<EarlierRecord>, void, void> {
  for await (const { bytes } of readLines(fileSystem, path, 0)) {
    const record = readRecord(bytes);
    if (!('why' in record)) yield record;
  }
}

/** A line's record, or why it is none; undefined for an empty line. */
function readRecord(bytes: Buffer): Required<EarlierRecord> | { readonly why: string | undefined } {
  const text = bytes.toString().trim();
  if (text === '') return { why: undefined };
  try {
    const record = parseJson(text);
    return isJsonObject(record) ? { record, text } : { why: 'it is no JSON object' };
  } catch (error) {
    return { why: `it is no JSON: ${messageOf(error)}` };
  }
}

import { basename } from 'node:path';
import type { Collection } from '../../core/config.ts';
import type { ImportedEvent } from '../../core/events.ts';
import type { JobContext } from '../../core/job.ts';
import { sha256Hex } from '../../storage/dataFile.ts';
import { isInside, toRelative } from '../../storage/layout.ts';
import { findStateRoot } from '../../storage/sessions.ts';
import type { Environment } from '../beginRun.ts';
import { loadCollection } from '../loadCollection.ts';
import { collectionPath, collectionText, writeCollectionFile } from './collectionFile.ts';
import type { ImportNotes } from './importNotes.ts';
import { refuseSecondImport } from './makeSession.ts';
import type { SourceFile } from './venueState.ts';

/** What a person asked for. Paths are absolute. */
export interface ImportRequest {
  readonly workspace: string;
  readonly path: string;
  /** The collection file to carry over to; undefined makes one. */
  readonly collection: string | undefined;
  /** Name of the collection that is made; undefined takes one from the data. */
  readonly name: string | undefined;
}

/** One import while it goes on. */
export interface ImportTask extends ImportRequest {
  readonly environment: Environment;
  readonly job: JobContext;
  readonly notes: ImportNotes;
}

/** A collection file and its content. */
export interface NamedCollection {
  readonly file: string;
  readonly collection: Collection;
}

/** The collection that the person named, checked; undefined when none was named. */
export async function namedCollection(task: ImportTask): Promise<NamedCollection | undefined> {
  if (task.collection === undefined) return undefined;
  return { file: task.collection, collection: await loadCollection(task.collection) };
}

/** A collection file to be made. */
export interface CollectionToMake {
  readonly content: { readonly name: string };
  /** Where it came from, line by line. */
  readonly comment: readonly string[];
  /** What a session is to be made of; undefined when none is. */
  readonly imported: Omit<ImportedEvent, 'type'> | undefined;
}

/**
 * Makes a collection file in the workspace folder, checks it as every other, and does something with it. When that fails,
 * the file is taken back.
 */
export async function withMadeCollection(
  { environment, workspace, notes }: ImportTask,
  { content, comment, imported }: CollectionToMake,
  action: (made: NamedCollection) => Promise<void>,
): Promise<void> {
  const { fileSystem } = environment.ports;
  const file = collectionPath(workspace, content.name);
  if (imported !== undefined) {
    const root = await findStateRoot(fileSystem, file, workspace);
    await refuseSecondImport(environment, root, content.name, imported);
  }
  const isNew = await writeCollectionFile(fileSystem, file, collectionText(content, comment));
  try {
    await action({ file, collection: await loadCollection(file) });
    notes.file(file);
  } catch (error) {
    if (isNew) await fileSystem.remove(file);
    throw error;
  }
}

/** How a file that was read is named in the journal and to people. */
function shownPath(workspace: string, path: string): string {
  return isInside(workspace, path) ? toRelative(workspace, path) || '.' : path;
}

/** What the journal keeps of the files that a session is made of. */
export function importedFrom(
  kind: ImportedEvent['kind'],
  { workspace, path }: ImportRequest,
  files: readonly SourceFile[],
): Omit<ImportedEvent, 'type'> {
  const [only] = files;
  const list = files.map((file) => `${file.sha256} ${basename(file.path)}\n`).sort();
  const sha256 = only !== undefined && files.length === 1 ? only.sha256 : sha256Hex(list.join(''));
  return { kind, from: shownPath(workspace, path), sha256 };
}

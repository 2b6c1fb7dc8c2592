import { outlineOf, type CollectionOutline } from '../core/collectionOutline.ts';
import { collectionSchema } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { doubtRuleOf } from '../sources/registry.ts';
import type { SessionLayout } from '../storage/layout.ts';
import { readSessionHeader } from '../storage/sessionHeader.ts';
import type { StoragePorts } from '../storage/sessionStore.ts';
import { findStateRoot, inspectSession } from '../storage/sessions.ts';
import { makeTextFile } from '../storage/workspaceFiles.ts';
import { loadCollection } from './loadCollection.ts';

type Ports = Pick<StoragePorts, 'fileSystem' | 'machine'>;

/** What a collection file would collect. @throws as {@link loadCollection}. */
export async function outlineCollection(
  { fileSystem }: Pick<Ports, 'fileSystem'>,
  file: string,
  workspace: string,
): Promise<CollectionOutline> {
  const collection = await loadCollection(file, await findStateRoot(fileSystem, file, workspace));
  return outlineOf(collection, doubtRuleOf(collection) !== undefined);
}

/** What the collection that a session carries out collects, as its journal has it. */
export async function outlineSession(
  ports: Ports,
  layout: SessionLayout,
): Promise<CollectionOutline> {
  const collection = collectionSchema.parse(await collectionOf(ports, layout));
  return outlineOf(collection, doubtRuleOf(collection) !== undefined);
}

/**
 * Writes the collection that a session carries out back to where its file was. Comments and what was left to its
 * default are not in the journal; secrets stand in it as names.
 *
 * @returns the file's absolute path.
 * @throws UsageError `COLLECTION_EXISTS` when something is there, `NO_COLLECTION_FILE` of a session that never had one.
 */
export async function restoreCollection(ports: Ports, layout: SessionLayout): Promise<string> {
  const { collectionFile, session } = await readSessionHeader(ports, layout);
  if (collectionFile === '') {
    throw new UsageError('NO_COLLECTION_FILE', `${session} was not made from a collection file.`, {
      session,
    });
  }
  const file = layout.absolute(collectionFile);
  const text = `// Written from the journal of ${session}: the file was gone.\n${JSON.stringify(await collectionOf(ports, layout), null, 2)}\n`;
  if (await makeTextFile(ports.fileSystem, file, text)) return file;
  throw new UsageError('COLLECTION_EXISTS', `${file} is there: nothing was written over.`, {
    path: file,
  });
}

/** As the session began, with what of it has changed since. */
async function collectionOf(ports: Ports, layout: SessionLayout): Promise<JsonObject> {
  const { collection } = await readSessionHeader(ports, layout);
  const { view } = await inspectSession(ports.fileSystem, ports.machine, layout);
  return { ...collection, ...view.mutable };
}

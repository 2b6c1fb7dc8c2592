import type { Collection } from '../../core/config.ts';
import { collectionSchema } from '../../core/config.ts';
import { listSessions, type FoundSession } from '../../storage/sessions.ts';
import { readSessionHeader } from '../../storage/sessionHeader.ts';
import type { StoragePorts } from '../../storage/sessionStore.ts';
import { remapOf } from '../remap/startRemap.ts';

/** The newest session of a collection that has kept items as received, of a source of the same type. Reads only. */
export async function newestWithItems(
  ports: StoragePorts,
  root: string,
  { name, source }: Collection,
): Promise<FoundSession | undefined> {
  const sessions = await listSessions(ports.fileSystem, ports.machine, root);
  for (const session of sessions) {
    const { view, layout } = session;
    const hasItems = view.files.some(({ role, lines }) => role === 'raw' && lines > 0);
    if (view.name !== name || !hasItems) continue;
    const header = await readSessionHeader(ports, layout);
    const before = collectionSchema.safeParse(header.collection);
    if (before.success && before.data.source.type === source.type) return session;
  }
  return undefined;
}

/** The collection as it maps what that session has received. */
export async function mappingAgain(
  ports: StoragePorts,
  collection: Collection,
  session: FoundSession,
): Promise<Collection> {
  return { ...collection, remap: await remapOf(ports, session) };
}

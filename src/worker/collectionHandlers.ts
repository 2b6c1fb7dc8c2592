import { outlineCollection, outlineSession, restoreCollection } from '../engine/ownCollection.ts';
import type { CollectionRequests } from '../protocol/collection.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { WorkerSessions } from './workerSessions.ts';

/** Answers the requests about collections. */
export function collectionHandlers(
  sessions: Pick<WorkerSessions, 'layout' | 'toolEnvironment'>,
): Handlers<CollectionRequests> {
  const ports = async () => (await sessions.toolEnvironment()).ports;
  return {
    outlineCollection: async ({ workspace, file }) =>
      outlineCollection(await ports(), file, workspace),
    outlineSession: async (ref) => outlineSession(await ports(), await sessions.layout(ref)),
    restoreCollection: async (ref) => ({
      file: await restoreCollection(await ports(), await sessions.layout(ref)),
    }),
  };
}

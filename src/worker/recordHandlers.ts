import { UsageError } from '../core/errors.ts';
import { RecordFile, type JournalledFile } from '../engine/records/recordFile.ts';
import type { RecordRequests, RecordsRef } from '../protocol/records.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { SessionRef } from '../protocol/worker.ts';
import { nodeFileSystem } from '../storage/fileSystem.ts';
import { inspectSession } from '../storage/sessions.ts';
import type { SessionView } from '../core/view.ts';
import type { WorkerSessions } from './workerSessions.ts';

/** Answers to record viewers: each has a file of its own that it looks at. */
export function recordHandlers(sessions: WorkerSessions): Handlers<RecordRequests> {
  const files = new Map<string, RecordFile>();
  const fileOf = ({ viewer }: RecordsRef): RecordFile => {
    const file = files.get(viewer);
    if (file !== undefined) return file;
    // The worker was started anew since.
    throw new UsageError('VIEWER_CLOSED', 'This file is not being looked at.', { viewer });
  };
  return {
    openRecords: async ({ viewer, file, session }) => {
      files.get(viewer)?.close();
      const journalled = session ? await journalledFile(sessions, session, file) : undefined;
      const opened = new RecordFile(nodeFileSystem, file, journalled);
      files.set(viewer, opened);
      return opened.look();
    },
    lookAtRecords: async (ref) => fileOf(ref).look(),
    readRecords: async ({ first, count, isFiltered, ...ref }) =>
      fileOf(ref).read(first, count, isFiltered),
    readRecord: async ({ record, maxBytes, ...ref }) => {
      const found = await fileOf(ref).readRecord(record, maxBytes);
      if (found !== undefined) return found;
      throw new UsageError('NO_RECORD', `There is no record ${record + 1}.`, { record });
    },
    findOrigin: async ({ record, ...ref }) => (await fileOf(ref).originOf(record)) ?? null,
    filterRecords: async ({ filter, ...ref }) => {
      const file = fileOf(ref);
      file.filter(filter ?? undefined);
      return file.look();
    },
    closeRecords: ({ viewer }) => {
      files.get(viewer)?.close();
      files.delete(viewer);
      return Promise.resolve(null);
    },
  };
}

/** What a session knows of a data file; undefined when the file is none of its own. */
async function journalledFile(
  sessions: WorkerSessions,
  ref: SessionRef,
  path: string,
): Promise<JournalledFile | undefined> {
  const layout = await sessions.layout(ref);
  const viewNow = viewReader(sessions, ref);
  const { name, files } = await viewNow();
  const found = files.find(({ file }) => layout.absolute(file) === path);
  if (found === undefined) return undefined;
  const { role, file } = found;
  const committedBytes = async (): Promise<number> =>
    (await viewNow()).files.find((known) => known.file === file)?.bytes ?? 0;
  return { session: ref.session, name, role, layout, file, committedBytes };
}

/** Reads a session's view: of one that is carried out elsewhere only when its journal has changed. */
function viewReader(sessions: WorkerSessions, ref: SessionRef): () => Promise<SessionView> {
  let known: { view: SessionView; journalBytes: number } | undefined;
  return async () => {
    const run = sessions.runOf(ref);
    if (run !== undefined) return run.store.view;
    const layout = await sessions.layout(ref);
    const journalBytes = (await nodeFileSystem.status(layout.journal))?.size ?? 0;
    if (known?.journalBytes !== journalBytes) {
      const { ports } = await sessions.toolEnvironment();
      const { view } = await inspectSession(ports.fileSystem, ports.machine, layout);
      known = { view, journalBytes };
    }
    return known.view;
  };
}

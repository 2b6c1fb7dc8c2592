import { exportTable } from '../engine/export/exportTable.ts';
import { readManifest } from '../engine/merge/manifest.ts';
import { startMerge } from '../engine/merge/startMerge.ts';
import { startRemap } from '../engine/remap/startRemap.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { ToolRequests } from '../protocol/worker.ts';
import { inspectSession } from '../storage/sessions.ts';
import type { Jobs } from './jobs.ts';
import type { WorkerSessions } from './workerSessions.ts';

/** Answers to the requests that make one file of several, a table of one, or other records of what was received. */
export function mergeHandlers(
  jobs: Jobs,
  sessions: WorkerSessions,
): Pick<Handlers<ToolRequests>, 'merge' | 'remap' | 'readMergeManifest' | 'exportTable'> {
  return {
    merge: async (request) => {
      const { run } = await startMerge(await sessions.toolEnvironment(), request);
      return sessions.begin(run, request.workspace);
    },
    remap: async (request) => {
      const layout = await sessions.layout(request);
      const { collectionFile } = request;
      const environment = await sessions.toolEnvironment();
      const { run } = await startRemap(environment, layout, { collectionFile, output: null });
      return sessions.begin(run, request.workspace);
    },
    readMergeManifest: async (ref) => {
      const { ports } = await sessions.toolEnvironment();
      const layout = await sessions.layout(ref);
      const { view } = await inspectSession(ports.fileSystem, ports.machine, layout);
      return readManifest(ports, layout, view);
    },
    exportTable: ({ job, ...request }) =>
      jobs.run(job, async (context) => {
        const { ports } = await sessions.toolEnvironment();
        return exportTable(ports, request, context);
      }),
  };
}

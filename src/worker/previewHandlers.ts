import { runPreview } from '../engine/preview/runPreview.ts';
import type { PreviewRequests } from '../protocol/preview.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { Jobs } from './jobs.ts';
import type { WorkerSessions } from './workerSessions.ts';

/** Answers to the requests about previews. */
export function previewHandlers(
  jobs: Jobs,
  sessions: Pick<WorkerSessions, 'environment'>,
): Handlers<PreviewRequests> {
  return {
    preview: ({ job, http, ...request }) =>
      jobs.run(job, async ({ signal }) =>
        runPreview(await sessions.environment(http), request, signal),
      ),
  };
}

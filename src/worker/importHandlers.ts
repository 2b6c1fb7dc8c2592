import type { Handlers } from '../protocol/rpc.ts';
import type { ToolRequests } from '../protocol/worker.ts';
import { adoptMaster } from '../engine/import/adopt.ts';
import { importEarlier } from '../engine/import/importEarlier.ts';
import type { Environment } from '../engine/beginRun.ts';
import type { Jobs } from './jobs.ts';

/** Answers to the requests that carry earlier data over. */
export function importHandlers(
  jobs: Jobs,
  environment: () => Promise<Environment>,
): Pick<Handlers<ToolRequests>, 'importEarlier' | 'adopt'> {
  return {
    importEarlier: ({ job, workspace, path, collection }) =>
      jobs.run(job, async (context) =>
        importEarlier(
          await environment(),
          { workspace, path, collection: collection ?? undefined, name: undefined },
          context,
        ),
      ),
    adopt: ({ job, workspace, master, collection }) =>
      jobs.run(job, async (context) => {
        const request = { workspace, master, collection };
        const { session, records, rejected } = await adoptMaster(
          await environment(),
          request,
          context,
        );
        return { session, records, rejected };
      }),
  };
}

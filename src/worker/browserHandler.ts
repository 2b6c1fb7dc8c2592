import type { Handlers } from '../protocol/rpc.ts';
import type { ToolRequests } from '../protocol/worker.ts';
import { installBrowser } from '../sources/browser/installBrowser.ts';
import type { Jobs } from './jobs.ts';
import { networkOf } from './network.ts';

/** Answers `installBrowser`: a job that tells how far it is, and can be cancelled. */
export function browserHandler(jobs: Jobs): Handlers<ToolRequests>['installBrowser'] {
  return ({ job, http }) =>
    jobs.run(job, async (context) => {
      const request = { onlyHeadlessShell: false, network: networkOf(http) };
      const { executable, version } = await installBrowser(request, context);
      return { executable, version: version ?? null };
    });
}

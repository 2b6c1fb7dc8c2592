import { systemClock } from '../core/systemPorts.ts';
import { validate } from '../engine/validate/validate.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { ToolRequests } from '../protocol/worker.ts';
import { nodeFileSystem } from '../storage/fileSystem.ts';
import { identifyMachine } from '../storage/machine.ts';
import type { Jobs } from './jobs.ts';

/** Answers `validate`: a job that tells how far it is, and can be cancelled. */
export function validateHandler(jobs: Jobs): Handlers<ToolRequests>['validate'] {
  return ({ job, ...request }) =>
    jobs.run(job, async (context) => {
      const machine = await identifyMachine();
      const ports = { fileSystem: nodeFileSystem, clock: systemClock, machine };
      return validate({ ...ports, via: 'window' }, request, context);
    });
}

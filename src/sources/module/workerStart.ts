import type { MessagePort } from 'node:worker_threads';

/** What a module's worker is started with. */
export interface WorkerStart {
  /** URL of the module. */
  readonly module: string;
  /** URL of the folder that files are named relative to in errors, without a slash at its end. */
  readonly root: string;
  readonly port: MessagePort;
}

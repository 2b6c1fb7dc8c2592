/** What the exit codes of `cf-collect` mean. */
export const exitCodes = {
  complete: 0,
  faulted: 1,
  /** Bad usage or collection file, or the session is held by another. */
  usage: 2,
  completeWithFailures: 3,
  /** Paused by a guard (disk full, budget); checkpointed, and the process has ended. */
  pausedByGuard: 4,
  /** Stopped by SIGINT or SIGTERM; checkpointed. */
  stopped: 130,
} as const;

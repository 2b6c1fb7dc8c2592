import type { SessionState } from './view.ts';

/** What the exit codes of `cf-collect` and of tasks of type `collect` mean. */
export const exitCodes = {
  complete: 0,
  faulted: 1,
  /** Bad usage or collection file, or the session is held by another. */
  usage: 2,
  completeWithFailures: 3,
  /** Paused by a guard (disk full, budget); checkpointed. The command line has ended its process. */
  pausedByGuard: 4,
  /** Stopped by a person: SIGINT or SIGTERM, Ctrl+C in a task's terminal; checkpointed. */
  stopped: 130,
} as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * How a run that has ended counts.
 *
 * @param end.isPausedByGuard whether it ended because a guard had paused it.
 * @param end.failed how many of its units failed.
 */
export function exitCodeOf(end: {
  readonly state: SessionState;
  readonly isPausedByGuard: boolean;
  readonly failed: number;
}): ExitCode {
  if (end.state === 'faulted' || end.state === 'interrupted') return exitCodes.faulted;
  if (end.isPausedByGuard) return exitCodes.pausedByGuard;
  if (end.state !== 'completed') return exitCodes.stopped;
  return end.failed > 0 ? exitCodes.completeWithFailures : exitCodes.complete;
}

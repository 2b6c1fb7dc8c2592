import { HeldError, UsageError } from '../core/errors.ts';
import { assessSession } from '../engine/recovery/assess.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { RecoveryRequests, SessionRef } from '../protocol/worker.ts';
import { discardSession } from '../storage/discardSession.ts';
import { inspectSession } from '../storage/sessions.ts';
import type { WorkerSessions } from './workerSessions.ts';

/** Answers to the requests about sessions that are not being carried out. */
export function recoveryHandlers(sessions: WorkerSessions): Handlers<RecoveryRequests> {
  return {
    planRecovery: async (ref) => {
      const { ports } = await sessions.toolEnvironment();
      const checkpoint = ref.checkpoint ?? undefined;
      return assessSession(ports, await sessions.layout(ref), { checkpoint });
    },
    resumeFromCheckpoint: async ({ checkpoint, http, inDoubt, ...ref }) => {
      if (sessions.runOf(ref) !== undefined) throw runsHere(ref);
      await sessions.resume(ref, http, { checkpoint, inDoubt });
      return { session: ref.session };
    },
    retryFailedUnits: async ({ units, http, ...ref }) => {
      const { session } = ref;
      const running = sessions.runOf(ref);
      if (running !== undefined) return { session, requeued: await running.retryFailed(units) };
      const result = await sessions.resume(ref, http, { retryFailed: units });
      return { session, requeued: result?.collector.units_retried ?? 0 };
    },
    discardState: async (ref) => {
      if (sessions.runOf(ref) !== undefined) throw heldHere(ref);
      const { ports, opener } = await sessions.toolEnvironment();
      const layout = await sessions.layout(ref);
      const { view } = await inspectSession(ports.fileSystem, ports.machine, layout);
      await discardSession({ ...ports, ...opener }, layout);
      return { kept: view.files.map(({ file }) => layout.absolute(file)) };
    },
  };
}

function runsHere({ session }: SessionRef): UsageError {
  return new UsageError(
    'SESSION_RUNS',
    `${session} is being carried out. Stop it, then resume it from the checkpoint.`,
    { session },
  );
}

function heldHere({ session }: SessionRef): HeldError {
  return new HeldError(
    'SESSION_HELD',
    `${session} is being carried out by this window. Stop it first.`,
    {
      session,
    },
  );
}

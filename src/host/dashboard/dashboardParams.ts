import * as z from 'zod/mini';
import type { DashboardRequests } from '../../protocol/dashboard.ts';
import type { SessionRef } from '../../protocol/worker.ts';
import type { ParamShapes } from '../webview/webviewRpc.ts';

/** What each request of a dashboard's page must look like. */
export const dashboardParams: ParamShapes<DashboardRequests> = {
  ready: z.null(),
  pause: z.null(),
  resume: z.null(),
  raiseAndResume: z.null(),
  stop: z.null(),
  openMaster: z.null(),
  openRecords: z.null(),
  openLog: z.null(),
  openCollection: z.null(),
  validate: z.null(),
  showRecoveryPlan: z.null(),
  readPast: z.null(),
  readFailures: z.null(),
  retryFailed: z.strictObject({
    units: z.nullable(z.array(z.int().check(z.minimum(1)))),
  }),
  resumeFromCheckpoint: z.strictObject({
    checkpoint: z.string().check(z.minLength(1), z.maxLength(400)),
  }),
};

const sessionRef = z.object({ workspace: z.string(), session: z.string() });

/**
 * The session that a page remembers, whichever version left it there: all of them have kept it as `ref`. Undefined
 * where none is named.
 */
export function sessionInState(state: unknown): SessionRef | undefined {
  return z.object({ ref: sessionRef }).safeParse(state).data?.ref;
}

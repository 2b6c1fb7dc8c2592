import * as z from 'zod/mini';
import type { OverviewRequests } from '../../protocol/overview.ts';
import type { ParamShapes } from '../webview/webviewRpc.ts';

const ofSession = z.strictObject({
  session: z.strictObject({ workspace: z.string(), session: z.string() }),
});

/** What each request of the page of all sessions must look like. */
export const overviewParams: ParamShapes<OverviewRequests> = {
  ready: z.null(),
  open: ofSession,
  pause: ofSession,
  resume: ofSession,
  stop: ofSession,
  newCollection: z.null(),
  openSample: z.null(),
};

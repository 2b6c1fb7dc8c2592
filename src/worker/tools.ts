import type { HistoryRequests } from '../protocol/history.ts';
import type { MetricsRequests } from '../protocol/metrics.ts';
import type { PickerEngineRequests } from '../protocol/picker.ts';
import type { Handlers } from '../protocol/rpc.ts';
import type { PreviewRequests } from '../protocol/preview.ts';
import type { RecoveryRequests, ToolRequests } from '../protocol/worker.ts';
import { browserHandler } from './browserHandler.ts';
import { historyHandlers } from './historyHandlers.ts';
import { importHandlers } from './importHandlers.ts';
import { Jobs } from './jobs.ts';
import { mergeHandlers } from './mergeHandlers.ts';
import { metricsHandlers } from './metricsHandlers.ts';
import { previewHandlers } from './previewHandlers.ts';
import { pickerHandlers } from './pickerHandlers.ts';
import { recoveryHandlers } from './recoveryHandlers.ts';
import { validateHandler } from './validateHandler.ts';
import type { HostSide, WorkerSessions } from './workerSessions.ts';

/** Answers to the requests about recovery, and to those that read or make files beside running sessions. */
export function toolHandlers(
  host: HostSide,
  sessions: WorkerSessions,
): Partial<
  Handlers<
    RecoveryRequests &
      ToolRequests &
      HistoryRequests &
      MetricsRequests &
      PreviewRequests &
      PickerEngineRequests
  >
> {
  const jobs = new Jobs(host);
  return {
    cancelJob: ({ job }) => {
      jobs.cancel(job);
      return Promise.resolve(null);
    },
    validate: validateHandler(jobs),
    installBrowser: browserHandler(jobs),
    ...recoveryHandlers(sessions),
    ...historyHandlers(sessions),
    ...metricsHandlers(sessions.measured),
    ...mergeHandlers(jobs, sessions),
    ...previewHandlers(jobs, sessions),
    ...pickerHandlers(jobs, host),
    ...importHandlers(jobs, () => sessions.toolEnvironment()),
  };
}

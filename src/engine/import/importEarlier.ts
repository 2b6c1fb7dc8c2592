import { assertNever } from '../../core/assert.ts';
import type { ImportReport } from '../../core/importReport.ts';
import type { JobContext } from '../../core/job.ts';
import type { Environment } from '../beginRun.ts';
import { importComputeForecast } from './computeForecast.ts';
import { detect, type Detected } from './detect.ts';
import { importGliderConfigs } from './gliderConfig.ts';
import { importGliderRun } from './gliderRun.ts';
import { ImportNotes } from './importNotes.ts';
import type { ImportRequest, ImportTask } from './importTask.ts';
import { importReplyGuyd } from './replyGuyd.ts';

export type { ImportRequest } from './importTask.ts';

/**
 * Carries an earlier system's data over into a collection file, a session, or both. What was done stays done; what can't
 * be carried over is in the report with its reason. The data itself is only read.
 *
 * @throws UsageError when the path holds nothing that can be imported, was imported before, or does not fit the
 * collection; then nothing was made.
 */
export async function importEarlier(
  environment: Environment,
  request: ImportRequest,
  job: JobContext,
): Promise<ImportReport> {
  const detected = await detect(environment.ports.fileSystem, request.path);
  const notes = new ImportNotes(detected.kind, request.path);
  await carryOver({ ...request, environment, job, notes }, detected);
  return notes.report();
}

function carryOver(task: ImportTask, detected: Detected): Promise<void> {
  switch (detected.kind) {
    case 'compute-forecast-state':
      return importComputeForecast(task, detected);
    case 'reply-guyd-master':
    case 'reply-guyd-checkpoint-data':
      return importReplyGuyd(task, detected);
    case 'glider-config':
      return importGliderConfigs(task, detected);
    case 'glider-run':
      return importGliderRun(task, detected);
    default:
      return assertNever(detected.kind, 'earlier data');
  }
}

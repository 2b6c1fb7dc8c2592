import { t } from '@vscode/l10n';
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { messageOf } from '../../core/errors.ts';
import type { Formats } from '../../core/format.ts';
import type { JobProgress } from '../../core/job.ts';
import type { WorkerEvents } from '../../protocol/worker.ts';
import type { Services } from '../services.ts';
import { withProgress } from '../window.ts';

/**
 * Does a piece of work that takes a while, with a notification that tells how far it is and can cancel it.
 *
 * @param request asks the engine, by the job's name.
 * @returns what the engine answers; undefined when a person cancelled it and it had nothing to answer.
 */
export async function runJob<T>(
  { engine, formats, log }: Pick<Services, 'engine' | 'formats' | 'log'>,
  title: string,
  request: (job: string) => Promise<T>,
): Promise<T | undefined> {
  return withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      let shownPercent = 0;
      const onProgress = (event: JobProgress) => {
        const percent = percentOf(event);
        progress.report({
          message: progressText(event, formats),
          ...(percent !== undefined && { increment: Math.max(0, percent - shownPercent) }),
        });
        shownPercent = Math.max(shownPercent, percent ?? 0);
      };
      try {
        return await watchJob(engine, request, { onProgress, token });
      } catch (error) {
        if (!token.isCancellationRequested) throw error;
        log.info(`${title} was cancelled: ${messageOf(error)}`);
        return undefined;
      }
    },
  );
}

/** Who is told how far a job is, and who may cancel it. */
export interface JobWatch {
  readonly onProgress: (progress: JobProgress) => void;
  readonly token: vscode.CancellationToken;
}

/** Does a piece of work that takes a while. Rejects with what the engine throws, also when it was cancelled. */
export async function watchJob<T>(
  engine: Services['engine'],
  request: (job: string) => Promise<T>,
  { onProgress, token }: JobWatch,
): Promise<T> {
  const job = randomUUID();
  const onEvent = (event: WorkerEvents['progress']) => {
    if (event.job === job) onProgress(event);
  };
  const cancelling = token.onCancellationRequested(() => {
    engine.cancelJob(job);
  });
  engine.events.on('progress', onEvent);
  try {
    return await request(job);
  } finally {
    engine.events.off('progress', onEvent);
    cancelling.dispose();
  }
}

function percentOf({ done, total }: JobProgress): number | undefined {
  return total === null || total === 0 ? undefined : Math.min(100, (100 * done) / total);
}

/** `books_master.jsonl, 1.2 MB of 3.4 MB`. */
export function progressText({ what, done, total, unit }: JobProgress, formats: Formats): string {
  const amount = (value: number) =>
    unit === 'bytes' ? formats.bytes(value) : formats.count(value);
  return total === null
    ? t('{0}, {1}', what, amount(done))
    : t('{0}, {1} of {2}', what, amount(done), amount(total));
}

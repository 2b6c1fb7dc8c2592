import { t } from '@vscode/l10n';
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { messageOf } from '../../core/errors.ts';
import type { Formats } from '../../core/format.ts';
import type { JobProgress } from '../../core/job.ts';
import type { WorkerEvents } from '../../protocol/worker.ts';
import type { Services } from '../services.ts';

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
  const job = randomUUID();
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      let shownPercent = 0;
      const onProgress = (event: WorkerEvents['progress']) => {
        if (event.job !== job) return;
        const percent = percentOf(event);
        progress.report({
          message: progressText(event, formats),
          ...(percent !== undefined && { increment: Math.max(0, percent - shownPercent) }),
        });
        shownPercent = Math.max(shownPercent, percent ?? 0);
      };
      const cancelling = token.onCancellationRequested(() => {
        // A job that has ended meanwhile, or died with its engine, needs no cancelling.
        engine.request('cancelJob', { job }, 0).catch(() => undefined);
      });
      engine.events.on('progress', onProgress);
      try {
        return await request(job);
      } catch (error) {
        if (!token.isCancellationRequested) throw error;
        log.info(`${title} was cancelled: ${messageOf(error)}`);
        return undefined;
      } finally {
        engine.events.off('progress', onProgress);
        cancelling.dispose();
      }
    },
  );
}

function percentOf({ done, total }: JobProgress): number | undefined {
  return total === null || total === 0 ? undefined : Math.min(100, (100 * done) / total);
}

/** `books_master.jsonl, 1.2 MB of 3.4 MB`. */
function progressText({ what, done, total, unit }: JobProgress, formats: Formats): string {
  const amount = (value: number) =>
    unit === 'bytes' ? formats.bytes(value) : formats.count(value);
  return total === null
    ? t('{0}, {1}', what, amount(done))
    : t('{0}, {1} of {2}', what, amount(done), amount(total));
}

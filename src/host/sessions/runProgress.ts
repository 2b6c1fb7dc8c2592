import * as vscode from 'vscode';
import type { SessionRef } from '../../protocol/worker.ts';
import type { Services } from '../services.ts';
import { runPhrase } from '../text/phrases.ts';
import { withProgress } from '../window.ts';

/** How often the notification is told anew. */
const reportEveryMs = 1000;

/**
 * Shows how far a session of this window is that a person waits for, until its run has ended or pauses; Cancel stops it
 * in order, so that it can be resumed.
 */
export function showRunProgress(services: Services, ref: SessionRef, title: string): void {
  const { tracker, runs, reporter, formats } = services;
  const now = () => tracker.live().find((live) => live.ref.session === ref.session)?.snapshot;
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  reporter.guard(async () => {
    await withProgress(options, async (progress, token) => {
      token.onCancellationRequested(() => {
        // It may have ended meanwhile.
        runs.stop(ref).catch(() => undefined);
      });
      await new Promise<void>((resolve) => {
        const update = () => {
          const snapshot = now();
          if (snapshot?.view.state === 'active') {
            progress.report({ message: runPhrase(snapshot, formats) });
            return;
          }
          clearInterval(ticker);
          tracker.events.off('changed', update);
          resolve();
        };
        const ticker = setInterval(update, reportEveryMs);
        tracker.events.on('changed', update);
        update();
      });
    });
  });
}

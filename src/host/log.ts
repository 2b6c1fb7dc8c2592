import * as vscode from 'vscode';
import type { WorkerEvents } from '../protocol/worker.ts';

/** The extension's log channel; the log level is the person's, set in VS Code. */
export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('CF Collector', { log: true });
}

/** Writes what the engine said. Log lines are not translated. */
export function logEngineLine(
  log: vscode.LogOutputChannel,
  { session, level, message }: WorkerEvents['log'],
): void {
  log[level](session === null ? message : `[${session}] ${message}`);
}

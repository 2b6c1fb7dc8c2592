import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { registerDataFileDecorations } from './dataFileDecorations.ts';
import { DataFiles } from './dataFiles.ts';
import { registerMasterGuard } from './masterGuard.ts';

/** Data files of sessions are known for what they are: marked, and guarded against edits. */
export function registerDataFiles(services: Services): vscode.Disposable {
  const { engine, tracker } = services;
  const files = new DataFiles(tracker, () => engine.isRunning);
  return vscode.Disposable.from(
    registerDataFileDecorations(services, files),
    registerMasterGuard(services, files),
  );
}

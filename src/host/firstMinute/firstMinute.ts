import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { continueSample } from './openSample.ts';

/** Serves what the sample collections of the open folders ask for, and goes on where a sample folder was just made. */
export function registerFirstMinute(services: Services): vscode.Disposable {
  const look = (): void => {
    services.samples.look();
    services.reporter.guard(() => continueSample(services));
  };
  look();
  return vscode.Disposable.from(
    vscode.workspace.onDidGrantWorkspaceTrust(look),
    vscode.workspace.onDidChangeWorkspaceFolders(look),
  );
}

import * as vscode from 'vscode';
import type { Services } from '../services.ts';

/** Serves what the sample collections of the open folders ask for, and goes on where a sample folder was just made. */
export function registerFirstMinute(services: Services): vscode.Disposable {
  const look = (): void => {
    services.samples.look();
    if (services.memory.sampleFolder === undefined) return;
    services.reporter.guard(async () => {
      const { continueSample } = await import('./openSample.ts');
      await continueSample(services);
    });
  };
  look();
  return vscode.Disposable.from(
    services.walkthrough.register(services.previews),
    vscode.workspace.onDidGrantWorkspaceTrust(look),
    vscode.workspace.onDidChangeWorkspaceFolders(look),
  );
}

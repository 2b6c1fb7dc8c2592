import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from '../services.ts';

/** The command line of `cf-collect`, on the Node that runs this extension: the machine needs no other. */
export function cliCommand(
  extensionPath: string,
  args: readonly string[],
): { readonly command: string; readonly args: string[]; readonly env: Record<string, string> } {
  return {
    command: process.execPath,
    args: [path.join(extensionPath, 'dist', 'cli.js'), ...args],
    // In the desktop editor the extension host's executable is Electron.
    env: { ELECTRON_RUN_AS_NODE: '1' },
  };
}

/**
 * Runs `cf-collect` in an integrated terminal. A task keeps its terminal, with the summary in it, when the command has
 * ended.
 */
export async function runInTerminal(
  services: Pick<Services, 'context'>,
  workspace: string,
  args: readonly string[],
): Promise<vscode.TaskExecution> {
  const line = cliCommand(services.context.extensionPath, args);
  const execution = new vscode.ProcessExecution(line.command, line.args, {
    cwd: workspace,
    env: line.env,
  });
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(workspace));
  const task = new vscode.Task(
    { type: 'process' },
    folder ?? vscode.TaskScope.Workspace,
    `cf-collect ${args.join(' ')}`,
    'CF Collector',
    execution,
  );
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    panel: vscode.TaskPanelKind.New,
  };
  return vscode.tasks.executeTask(task);
}

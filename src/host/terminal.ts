import path from 'node:path';
import * as vscode from 'vscode';
import type { Services } from './services.ts';

/**
 * Runs `cf-collect` in an integrated terminal, on the Node that runs this extension: the machine needs no other. A
 * task keeps its terminal, with the summary in it, when the command has ended.
 */
export async function runInTerminal(
  services: Pick<Services, 'context'>,
  workspace: string,
  args: readonly string[],
): Promise<vscode.TaskExecution> {
  const cli = path.join(services.context.extensionPath, 'dist', 'cli.js');
  const execution = new vscode.ProcessExecution(process.execPath, [cli, ...args], {
    cwd: workspace,
    // In the desktop editor the extension host's executable is Electron.
    env: { ELECTRON_RUN_AS_NODE: '1' },
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

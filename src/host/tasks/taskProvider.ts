import { t } from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import { taskType } from '../../contributions.ts';
import { exitCodes } from '../../core/exitCodes.ts';
import type { Services } from '../services.ts';
import { diskFolders, findCollections } from '../workspace.ts';
import { readTask, type Operation } from './collectTask.ts';
import { TaskTerminal, type TaskWork } from './taskTerminal.ts';

/** What is offered for every collection without anybody having written it down. */
const offered: readonly Operation[] = ['run', 'validate'];

/** Offers tasks of type `collect`, and carries them out. */
export function registerTasks(services: Services): vscode.Disposable {
  return vscode.tasks.registerTaskProvider(taskType, new CollectTaskProvider(services));
}

/** Tasks of type `collect`: those of every collection, and what tasks.json says. */
class CollectTaskProvider implements vscode.TaskProvider {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  async provideTasks(): Promise<vscode.Task[]> {
    const collections = await findCollections();
    return collections.flatMap((file) => {
      const folder = vscode.workspace.getWorkspaceFolder(file);
      if (!folder) return [];
      const collection = path.relative(folder.uri.fsPath, file.fsPath).replaceAll(path.sep, '/');
      return offered.map((operation) =>
        this.#make({ type: taskType, operation, collection }, folder, `${operation} ${collection}`),
      );
    });
  }

  resolveTask(task: vscode.Task): vscode.Task {
    // VS Code wants the definition that it gave.
    return this.#make(task.definition, task.scope, task.name);
  }

  #make(definition: vscode.TaskDefinition, scope: vscode.Task['scope'], name: string): vscode.Task {
    const execution = new vscode.CustomExecution((resolved) =>
      Promise.resolve(new TaskTerminal(this.#workOf(resolved, scope))),
    );
    // Without a matcher: what validating finds is in Problems already, and kept up to date there.
    const task = new vscode.Task(
      definition,
      scope ?? vscode.TaskScope.Workspace,
      name,
      taskType,
      execution,
      [],
    );
    if (definition['operation'] === 'validate') task.group = vscode.TaskGroup.Test;
    task.detail = detailOf(definition);
    return task;
  }

  #workOf(definition: vscode.TaskDefinition, scope: vscode.Task['scope']): TaskWork {
    return async (output, token) => {
      try {
        const task = readTask(definition);
        const folder = typeof scope === 'object' ? scope : diskFolders()[0];
        if (!folder) throw new Error(t('Open a folder first: sessions are kept in it.'));
        // The engine's words for people are needed only now.
        const { workOf } = await import('./taskWork.ts');
        return await workOf(this.#services, task, folder.uri.fsPath)(output, token);
      } catch (error) {
        output.line(error instanceof Error ? error.message : String(error));
        return exitCodes.usage;
      }
    };
  }
}

function detailOf({ operation }: vscode.TaskDefinition): string {
  switch (operation as Operation) {
    case 'run':
      return t('Collects; goes on with an unfinished session');
    case 'resume':
      return t('Goes on with the newest session');
    case 'validate':
      return t('Checks every record, journal and checkpoint');
    case 'merge':
      return t('Makes one file of several, without duplicates');
    default:
      return '';
  }
}

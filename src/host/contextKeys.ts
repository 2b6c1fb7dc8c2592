import * as vscode from 'vscode';
import { collectionSuffix, type ContextKeys } from '../contributions.ts';
import type { Services } from './services.ts';
import { findCollections } from './workspace.ts';

/** Sets a key that `when` clauses go by. */
export function setContextKey<K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void {
  void vscode.commands.executeCommand('setContext', key, value);
}

/** Keeps the keys that menus and the empty view go by; the walkthrough hears that there is a collection. */
export function registerContextKeys({
  tracker,
  walkthrough,
}: Pick<Services, 'tracker' | 'walkthrough'>): vscode.Disposable {
  const known: Partial<ContextKeys> = {};
  const set = <K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void => {
    if (known[key] === value) return;
    known[key] = value;
    setContextKey(key, value);
  };
  const fromSessions = () => {
    const live = tracker.live();
    set(
      'cfCollector.canPause',
      live.some(({ snapshot }) => snapshot.view.state === 'active'),
    );
    set('cfCollector.canStop', live.length > 0);
  };
  const fromFiles = async () => {
    const hasCollections = (await findCollections()).length > 0;
    set('cfCollector.hasCollections', hasCollections);
    if (hasCollections) walkthrough.done('create');
  };
  tracker.events.on('changed', fromSessions);
  fromSessions();
  void fromFiles();
  const watcher = vscode.workspace.createFileSystemWatcher(
    `**/*${collectionSuffix}`,
    false,
    true,
    false,
  );
  return vscode.Disposable.from(
    watcher,
    watcher.onDidCreate(fromFiles),
    watcher.onDidDelete(fromFiles),
    vscode.workspace.onDidChangeWorkspaceFolders(fromFiles),
  );
}

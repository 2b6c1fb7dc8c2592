import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileTimestamp, toFileName } from '../core/names.ts';
import type { FileRole } from '../core/events.ts';

/** Name of the folder with all state. */
export const stateFolderName = '.cf_state';

/** Where everything of one session is. Absolute paths; every path of the storage is made here. */
export class SessionLayout {
  /** The folder that holds `.cf_state`: relative paths in state files start here. */
  readonly root: string;
  readonly session: string;

  constructor(root: string, session: string) {
    this.root = root;
    this.session = session;
  }

  get folder(): string {
    return join(sessionsFolder(this.root), this.session);
  }

  get journal(): string {
    return join(this.folder, 'journal.jsonl');
  }

  get index(): string {
    return join(this.folder, 'index.db');
  }

  /** What the index was when the session last ended in order. */
  get indexSeal(): string {
    return `${this.index}.seal`;
  }

  get summary(): string {
    return join(this.folder, 'session.json');
  }

  get lock(): string {
    return join(this.folder, 'session.lock');
  }

  get holder(): string {
    return join(this.folder, 'holder.json');
  }

  get checkpoints(): string {
    return join(this.folder, 'checkpoints');
  }

  checkpoint(id: string): string {
    return join(this.checkpoints, `${id}.json`);
  }

  /** What a source keeps beside memory while it runs. */
  get scratch(): string {
    return join(this.folder, 'scratch');
  }

  /** Pages that were kept for a person to look at (`debug.snapshots`). */
  get snapshots(): string {
    return join(this.folder, 'snapshots');
  }

  get log(): string {
    return join(this.folder, 'logs', 'collector.ndjson');
  }

  /** What resuming did, by the id of its plan. */
  recovery(planId: string): string {
    return join(this.folder, 'recovery', `${planId}.json`);
  }

  /** The simple file of a group. Groups whose names differ only in what no file name may have share one. */
  groupCheckpoint(group: string): string {
    return join(stateFolder(this.root), 'collect', `${toFileName(group)}_checkpoint.json`);
  }

  /** The absolute path of a file that a journal names. */
  absolute(file: string): string {
    return join(this.root, ...file.split('/'));
  }

  /** A path as journals name it: relative to the root, with forward slashes. */
  relative(path: string): string {
    return toRelative(this.root, path);
  }
}

/** A path relative to a root, with forward slashes on every platform. */
export function toRelative(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

export function stateFolder(root: string): string {
  return join(root, stateFolderName);
}

export function sessionsFolder(root: string): string {
  return join(root, stateFolderName, 'sessions');
}

/** Held while a session of the collection is found or made. */
export function collectionLock(root: string, collection: string): string {
  return join(root, stateFolderName, 'locks', `${toFileName(collection)}.lock`);
}

/** Held while a session is made of earlier data: leftovers of such work may be taken away by its holder. */
export function importLock(root: string): string {
  return join(root, stateFolderName, 'import.lock');
}

/** Name of a data file: prefix, role, UTC start, and `_2` and on when it is taken. */
export function dataFileName(prefix: string, role: FileRole, startedAt: number, n = 1): string {
  return `${prefix}_${role}_${fileTimestamp(startedAt)}${n === 1 ? '' : `_${n}`}.jsonl`;
}

/** Whether a path is a folder's or below it. */
export function isInside(folder: string, path: string): boolean {
  const rest = relative(resolve(folder), resolve(path));
  return rest === '' || (!rest.startsWith(`..${sep}`) && rest !== '..' && !isAbsolute(rest));
}

/** Every folder from a file's own up to the root of the disk. */
export function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    folders.push(folder);
    if (dirname(folder) === folder) return folders;
  }
}

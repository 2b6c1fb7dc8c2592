import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import {
  foldersAbove,
  isInside,
  sessionsFolder,
  SessionLayout,
  stateFolder,
} from '../../storage/layout.ts';
import type { Machine } from '../../storage/machine.ts';
import { findStateRoot, listSessions, type FoundSession } from '../../storage/sessions.ts';

/** What is to be checked: sessions, and files that belong to none. */
export interface Targets {
  readonly sessions: readonly SessionTarget[];
  /** Absolute paths. */
  readonly files: readonly string[];
}

/** A session that is to be checked. */
export interface SessionTarget {
  readonly layout: SessionLayout;
  /** Bytes of its data files, as its journal has them. */
  readonly dataBytes: number;
}

/** Where targets are looked for. */
export interface TargetSeeker {
  readonly fileSystem: FileSystem;
  readonly machine: Machine;
  /** Absolute path of the workspace folder. */
  readonly workspace: string;
}

const linesFile = /\.(jsonl|ndjson)$/i;
/** Folders below which nobody keeps data. */
const ignoredFolders = new Set(['node_modules', '.git']);

/**
 * Finds what a person means: sessions by id, and files and folders by path. A data file of a session stands for its
 * session; a folder for every such file below it and for the sessions whose state is kept below it. Every session of the
 * workspace when nothing is named.
 *
 * @throws UsageError for a session or a path that is not there.
 */
export async function findTargets(
  seeker: TargetSeeker,
  sessions: readonly string[],
  paths: readonly string[],
): Promise<Targets> {
  const search = new Search(seeker);
  if (sessions.length + paths.length === 0) await search.addWorkspace();
  for (const session of sessions) await search.addSession(session);
  for (const path of paths) await search.addPath(resolve(path));
  return search.targets();
}

class Search {
  readonly #seeker: TargetSeeker;
  readonly #sessions = new Map<string, SessionTarget>();
  readonly #files = new Set<string>();
  /** Folders that were looked into: a link may lead back into one. */
  readonly #folders = new Set<string>();
  /** Sessions by the folder that keeps their state, read once. */
  readonly #byRoot = new Map<string, Promise<readonly FoundSession[]>>();

  constructor(seeker: TargetSeeker) {
    this.#seeker = seeker;
  }

  targets(): Targets {
    return { sessions: [...this.#sessions.values()], files: [...this.#files] };
  }

  async addWorkspace(): Promise<void> {
    for (const found of await this.#sessionsAround(this.#seeker.workspace)) this.#add(found);
  }

  async addSession(id: string): Promise<void> {
    const found = await this.#sessionsAround(this.#seeker.workspace);
    const session = found.find(({ layout }) => layout.session === id);
    if (session === undefined) {
      const { workspace } = this.#seeker;
      const message = `${id} is no session of ${workspace}.`;
      throw new UsageError('UNKNOWN_SESSION', message, { session: id });
    }
    this.#add(session);
  }

  async addPath(path: string): Promise<void> {
    const status = await this.#seeker.fileSystem.status(path);
    if (status === undefined) {
      throw new UsageError('NO_SUCH_FILE', `${path} is not there.`, { file: path });
    }
    const inState = stateLayout(path);
    if (inState !== undefined) await this.#addLayout(inState);
    else if (status.isDirectory) await this.#addFolder(path);
    else await this.#addFile(path);
  }

  async #addLayout(layout: SessionLayout): Promise<void> {
    const found = await this.#sessionsOf(layout.root);
    const session = found.find((s) => s.layout.session === layout.session);
    if (session === undefined) await this.addSession(layout.session);
    else this.#add(session);
  }

  async #addFolder(folder: string): Promise<void> {
    const { fileSystem } = this.#seeker;
    const identity = (await fileSystem.status(folder))?.identity ?? '';
    if (this.#folders.has(identity)) return;
    this.#folders.add(identity);
    for (const name of (await fileSystem.list(folder)).sort()) {
      const path = join(folder, name);
      if (path === stateFolder(folder)) {
        for (const found of await this.#sessionsOf(folder)) this.#add(found);
        continue;
      }
      if (ignoredFolders.has(name)) continue;
      const isFolder = (await fileSystem.status(path))?.isDirectory;
      if (isFolder === true) await this.#addFolder(path);
      else if (isFolder === false && linesFile.test(name)) await this.#addFile(path);
    }
  }

  async #addFile(path: string): Promise<void> {
    const all = await this.#sessionsAround(path);
    const owner = all.find(({ layout, view }) =>
      view.files.some(({ file }) => layout.absolute(file) === path),
    );
    if (owner === undefined) this.#files.add(path);
    else this.#add(owner);
  }

  /** Sessions of the workspace, and of the state that is nearest to a path. */
  async #sessionsAround(path: string): Promise<FoundSession[]> {
    const { fileSystem, workspace } = this.#seeker;
    const roots = new Set<string>();
    // A file in the folder, to find the state above it in the way in which a collection would.
    const ours = await findStateRoot(fileSystem, join(workspace, 'any.collect.json'), workspace);
    roots.add(ours);
    for (const folder of foldersAbove(join(path, 'any'))) {
      const hasState = (await fileSystem.status(stateFolder(folder)))?.isDirectory === true;
      if (!hasState) continue;
      roots.add(folder);
      break;
    }
    const found: FoundSession[] = [];
    for (const root of roots) found.push(...(await this.#sessionsOf(root)));
    return found;
  }

  #sessionsOf(root: string): Promise<readonly FoundSession[]> {
    const { fileSystem, machine } = this.#seeker;
    let found = this.#byRoot.get(root);
    if (found === undefined) {
      found = listSessions(fileSystem, machine, root);
      this.#byRoot.set(root, found);
    }
    return found;
  }

  #add({ layout, view }: FoundSession): void {
    const dataBytes = view.files.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#sessions.set(layout.folder, { layout, dataBytes });
  }
}

/** The session in whose folder below `.cf_state` a path lies. */
function stateLayout(path: string): SessionLayout | undefined {
  for (const folder of [path, ...foldersAbove(path)]) {
    const root = dirname(dirname(dirname(folder)));
    const isSession = dirname(folder) === sessionsFolder(root) && isInside(folder, path);
    if (isSession) return new SessionLayout(root, basename(folder));
  }
  return undefined;
}

import { dirname } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { cutShort, emptyView, isResumable, reduceView, type SessionView } from '../core/view.ts';
import type { FileSystem } from './fileSystem.ts';
import { journalStart, type JournalPosition } from './journal.ts';
import { decodeLine } from './journalLine.ts';
import { hasLineAt, readLines, scanJournal } from './journalReader.ts';
import { foldersAbove, isInside, sessionsFolder, SessionLayout, stateFolder } from './layout.ts';
import { isHolderAlive, readHolder, type Holder } from './lock.ts';
import type { Machine } from './machine.ts';
import { SessionIndex } from './sessionIndex.ts';

/** A session as it was found on disk, without taking its lock. */
export interface FoundSession {
  readonly layout: SessionLayout;
  readonly view: SessionView;
  /** Who carries it out now. */
  readonly holder: Holder | undefined;
  readonly isResumable: boolean;
  /** Why it could not be read whole. */
  readonly damage: string | undefined;
}

/**
 * The folder that a collection's state belongs to: the one with the nearest `.cf_state` at or above its file, else the
 * workspace folder that holds it.
 */
export async function findStateRoot(
  fileSystem: FileSystem,
  collectionFile: string,
  workspace: string,
): Promise<string> {
  for (const folder of foldersAbove(collectionFile)) {
    if ((await fileSystem.status(stateFolder(folder)))?.isDirectory === true) return folder;
  }
  return isInside(workspace, collectionFile) ? workspace : dirname(collectionFile);
}

/** Every session below a root, newest first. Reads only. */
export async function listSessions(
  fileSystem: FileSystem,
  machine: Machine,
  root: string,
): Promise<FoundSession[]> {
  const names = await fileSystem.list(sessionsFolder(root));
  const found: FoundSession[] = [];
  for (const name of names) {
    const layout = new SessionLayout(root, name);
    if (!(await wasMade(fileSystem, layout))) continue;
    found.push(await inspectSession(fileSystem, machine, layout));
  }
  return found.sort((a, b) => (a.view.createdAt < b.view.createdAt ? 1 : -1));
}

/** Whether making the session came to its end: where the first line never got into the journal, nothing was acknowledged. */
async function wasMade(fileSystem: FileSystem, layout: SessionLayout): Promise<boolean> {
  if ((await fileSystem.status(layout.journal)) === undefined) return false;
  if ((await fileSystem.status(layout.index)) !== undefined) return true;
  let lines = 0;
  for await (const { bytes, isWhole } of readLines(fileSystem, layout.journal, 0)) {
    lines += 1;
    if (lines > 1 || (isWhole && decodeLine(bytes) !== undefined)) return true;
  }
  return false;
}

/** What a session's journal says, folded; an index that is level with a part of it saves reading that part. */
export async function inspectSession(
  fileSystem: FileSystem,
  machine: Machine,
  layout: SessionLayout,
): Promise<FoundSession> {
  const holder = await readHolder(layout.holder);
  const isHeld = holder !== undefined && isHolderAlive(holder, machine);
  let damage: string | undefined;
  const { view: indexed, position } = await indexedPart(fileSystem, layout);
  let view = indexed;
  try {
    const scan = await scanJournal(fileSystem, layout.journal, position, (entry) => {
      view = reduceView(view, entry);
    });
    if (scan.gaps.length > 0) damage = `${scan.gaps.length} damaged places in the journal`;
  } catch (error) {
    damage = messageOf(error);
  }
  if (view.session === '') {
    damage ??= 'the first line of the journal is damaged';
    view = { ...view, session: layout.session };
  }
  if (!isHeld && (view.state === 'active' || view.state === 'paused')) {
    view = { ...cutShort(view), state: 'interrupted' };
  }
  return {
    layout,
    view,
    holder: isHeld ? holder : undefined,
    isResumable: !isHeld && isResumable(view),
    damage,
  };
}

async function indexedPart(
  fileSystem: FileSystem,
  layout: SessionLayout,
): Promise<{ view: SessionView; position: JournalPosition }> {
  const nothing = { view: emptyView, position: journalStart };
  if ((await fileSystem.status(layout.index)) === undefined) return nothing;
  try {
    const index = SessionIndex.open(layout.index, { isReadOnly: true });
    const { view, position } = index;
    index.close();
    return (await hasLineAt(fileSystem, layout.journal, position)) ? { view, position } : nothing;
  } catch {
    return nothing;
  }
}

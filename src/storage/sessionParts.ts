import type { OpenedEvent } from '../core/events.ts';
import type { JsonObject } from '../core/json.ts';
import type { SessionView } from '../core/view.ts';
import { IndexFeeder } from './indexFeeder.ts';
import { rebuildIndex } from './indexRebuild.ts';
import type { SessionLayout } from './layout.ts';
import { FileLock } from './lock.ts';
import type { SessionIndex } from './sessionIndex.ts';
import type { StoragePorts } from './sessionStore.ts';

/** Who opens a session, and how patiently. */
export interface Opener {
  readonly via: 'cli' | 'window';
  /** How long to wait for another holder to let go, milliseconds. */
  readonly waitMs: number;
  /** Name and version of this program. */
  readonly program: string;
}

/** Puts something away that was opened. */
export type Closer = () => Promise<void> | void;

/** Closes what was opened before something failed; that failure is what is told, not one of these. */
export async function closeAll(closers: readonly Closer[]): Promise<void> {
  for (const close of closers) await Promise.resolve(close()).catch(() => undefined);
}

/** Takes a session's lock. @throws HeldError when another process has it. */
export function acquireLock(
  ports: StoragePorts,
  layout: SessionLayout,
  opener: Opener,
): Promise<FileLock> {
  return FileLock.acquire(layout.lock, { ...ports, ...opener, holderFile: layout.holder });
}

/** That somebody takes a session up; with the parts of the collection that have changed. */
export function openedEvent(
  ports: StoragePorts,
  opener: Opener,
  collection?: JsonObject,
): OpenedEvent {
  const { host, bootId } = ports.machine;
  return {
    type: 'opened',
    pid: process.pid,
    host,
    bootId,
    via: opener.via,
    ...(collection === undefined ? {} : { collection }),
  };
}

/** What takes the journal's new lines into the index, and makes that anew when it fails. */
export function indexFeeder(
  ports: StoragePorts,
  layout: SessionLayout,
  index: SessionIndex,
  view: SessionView,
): IndexFeeder {
  return new IndexFeeder(index, view, ports.logger, async () => {
    return (await rebuildIndex(ports.fileSystem, layout)).index;
  });
}

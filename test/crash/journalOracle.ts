import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An event, as far as somebody here reads it. */
export interface AnyEvent {
  readonly type: string;
  readonly first?: number;
  readonly items?: readonly { readonly key: string }[];
  readonly unit?: number;
  readonly state?: string;
  readonly reservedMicroUsd?: number;
  readonly spentMicroUsd?: number;
}

/**
 * Keys of the units that the journals of a workspace call done. Reads the format by itself, so that a fault of the
 * reader under test is not repeated here.
 */
export async function readDoneKeys(workspace: string): Promise<Set<string>> {
  const done = new Set<string>();
  const folder = join(workspace, '.cf_state', 'sessions');
  for (const session of await readdir(folder).catch(() => [])) {
    const keys = new Map<number, string>();
    for (const event of await readJournalEvents(join(folder, session, 'journal.jsonl'))) {
      event.items?.forEach((item, i) => keys.set((event.first ?? 0) + i, item.key));
      if (event.type === 'finished' && event.state === 'done') {
        done.add(keys.get(event.unit ?? 0) ?? '');
      }
    }
  }
  return done;
}

/** The events of every session of a workspace, as far as they are whole. */
export async function readSessionEvents(workspace: string): Promise<AnyEvent[]> {
  const folder = join(workspace, '.cf_state', 'sessions');
  const events: AnyEvent[] = [];
  for (const session of await readdir(folder).catch(() => [])) {
    events.push(...(await readJournalEvents(join(folder, session, 'journal.jsonl'))));
  }
  return events;
}

/** The events of a journal, as far as they are whole; none when there is none. */
export async function readJournalEvents(journal: string): Promise<AnyEvent[]> {
  const text = await readFile(journal, 'utf8').catch(() => '');
  const events: AnyEvent[] = [];
  for (const line of text.split('\n')) {
    try {
      events.push(...(JSON.parse(line) as { events: AnyEvent[] }).events);
    } catch {
      // The torn tail that a kill leaves; what comes after it would be a fault, and shows in the counts.
      break;
    }
  }
  return events;
}

import { basename, dirname, join } from 'node:path';
import { localIso, venueYear } from '../core/checkpointData.ts';
import type { Collection } from '../core/config.ts';
import { isMergeSource } from '../core/config/filesSource.ts';
import { codeOf, messageOf } from '../core/errors.ts';
import {
  getKey,
  isJsonObject,
  parseJson,
  scalarText,
  type JsonObject,
  type JsonValue,
} from '../core/json.ts';
import { fieldValue } from '../core/keys.ts';
import type { Clock, Logger } from '../core/ports.ts';
import { isOpen } from './checkpointFiles.ts';
import { makeDirectoryDurably, replaceFile } from './durableFiles.ts';
import { readFully, type FileSystem, type StorageFile } from './fileSystem.ts';
import type { SessionLayout } from './layout.ts';
import { maxListed } from './indexFold.ts';
import type { GroupLines } from './indexQueries.ts';
import type { SessionIndex } from './sessionIndex.ts';

/** Groups that get a file, in one start of a session: with more, they are pages and not what a person calls a group. */
const maxGroupFiles = 1000;
/** Of groups that are not at their end, at a stop: it has to be quick. */
const maxOpenGroupFiles = 100;

/** What the files are made of. */
export interface ProgressFilesOptions {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly layout: SessionLayout;
  readonly collection: Collection;
  /** The index, level with the journal. */
  readonly index: () => Promise<ProgressIndex>;
  /** Records by the value of `limits.perKey.field`. */
  readonly perKeyCounts: ReadonlyMap<string, number>;
  /** Records that were handed over and are not durable yet. */
  readonly notYetSafe: () => number;
}

type ProgressIndex = Pick<SessionIndex, 'view' | 'groups' | 'groupLines' | 'unitsInState'>;

/**
 * The simple files of the earlier systems, for people and for their tools: one for each group when it ends and at a
 * stop, and one beside the master. Nothing reads them back, so they are not synced, come in their own time, and one that
 * can't be written is only logged. A list of more than ten thousand is left empty, with its count beside it. A merge
 * collects nothing and has none.
 */
export class ProgressFiles {
  readonly #options: ProgressFilesOptions;
  #isOn: boolean;
  readonly #due = new Set<string>();
  #left = maxGroupFiles;
  #working: Promise<void> | undefined;
  #hasFailed = false;

  constructor(options: ProgressFilesOptions) {
    this.#options = options;
    this.#isOn = !isMergeSource(options.collection.source);
  }

  /** These groups have ended: their files are written soon. */
  groupsEnded(groups: readonly string[]): void {
    if (!this.#isOn) return;
    for (const group of groups) if (this.#due.size < this.#left) this.#due.add(group);
    this.#working ??= this.#writeDue().finally(() => {
      this.#working = undefined;
    });
  }

  /** Writes the files of everything as it is now: the session stops, or is complete. Never rejects. */
  async writeAll(): Promise<void> {
    if (!this.#isOn) return;
    await this.#working;
    await this.#try(async () => {
      const index = await this.#options.index();
      await this.#writeCollectionFile(index);
      let count = 0;
      for (const [name, group] of index.groups.entries()) {
        const isBegun = group.records > 0 || group.units.done + group.units.failed > 0;
        if (!isOpen(group) || !isBegun) continue;
        if (++count > maxOpenGroupFiles) break;
        await this.#writeGroup(index, name);
      }
    });
  }

  /** Begins no more files; resolves when none is being written. */
  async close(): Promise<void> {
    this.#isOn = false;
    await this.#working;
  }

  async #writeDue(): Promise<void> {
    await this.#try(async () => {
      for (let [group] = this.#due; group !== undefined; [group] = this.#due) {
        this.#due.delete(group);
        this.#left -= 1;
        await this.#writeGroup(await this.#options.index(), group);
      }
      await this.#writeCollectionFile(await this.#options.index());
    });
    this.#due.clear();
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      const message = `A progress file could not be written: ${messageOf(error)}. They are for people only; the session goes on.`;
      this.#options.logger.warn({ code: codeOf(error) }, message);
    }
  }

  async #writeGroup(index: ProgressIndex, name: string): Promise<void> {
    const group = index.groups.get(name);
    if (group === undefined) return;
    const { layout, fileSystem, clock } = this.#options;
    const [venue, year] = venueYear(name);
    const isListed = group.records <= maxListed;
    const lines = isListed ? index.groupLines(name) : [];
    const papers: JsonObject[] = [];
    for await (const record of recordsIn(fileSystem, layout, lines))
      papers.push(this.#paper(record));
    await this.#write(layout.groupCheckpoint(name), {
      venue,
      year,
      papers_collected: group.records,
      completed: !isOpen(group),
      last_updated: localIso(clock.now()),
      papers,
      ...(isListed ? {} : { papers_count: group.records }),
      session_id: layout.session,
      master_data_files: masters(index),
    });
  }

  #paper(record: JsonObject): JsonObject {
    const [keyField] = this.#options.collection.record.key ?? [];
    const key = keyField === undefined ? undefined : fieldValue(record, keyField);
    return {
      title: textOf(record, 'title'),
      paper_id:
        textOf(record, 'paper_id') ??
        textOf(record, 'id') ??
        (key === undefined ? null : (scalarText(key) ?? null)),
      source_url: textOf(record, 'source_url') ?? textOf(record, 'url') ?? textOf(record, '_url'),
    };
  }

  async #writeCollectionFile(index: ProgressIndex): Promise<void> {
    const { layout, collection, clock, perKeyCounts, notYetSafe } = this.#options;
    const { view } = index;
    const [master] = masters(index);
    if (master === undefined) return;
    const { prefix = collection.name } = collection.output;
    const { done, failed, skipped, blocked } = view.units;
    const queries = done > maxListed ? [] : index.unitsInState('done').map(({ key }) => key);
    const authors = perKeyCounts.size > maxListed ? [] : [...perKeyCounts];
    const folder = dirname(layout.absolute(master));
    await this.#write(join(folder, `${prefix}_collection_checkpoint.json`), {
      timestamp: localIso(clock.now()),
      total_pairs_collected: view.records,
      flushed_to_master: view.records,
      unflushed_count: notYetSafe(),
      current_query_idx: done + failed + skipped + blocked,
      processed_queries: queries,
      ...(done > maxListed ? { processed_queries_count: done } : {}),
      author_counts: Object.fromEntries(authors),
      unique_authors: perKeyCounts.size,
      master_data_file: basename(master),
      session_id: layout.session,
    });
  }

  async #write(path: string, value: JsonObject): Promise<void> {
    if (await isOfOthers(this.#options.fileSystem, path)) return;
    await makeDirectoryDurably(this.#options.fileSystem, dirname(path));
    await replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
  }
}

/** An earlier system's own file under the name: ours say of which session they are. It is not ours to replace. */
async function isOfOthers(fileSystem: FileSystem, path: string): Promise<boolean> {
  if ((await fileSystem.status(path)) === undefined) return false;
  const value = parsed((await fileSystem.readWhole(path)).toString());
  return !isJsonObject(value) || !Object.hasOwn(value, 'session_id');
}

function masters({ view }: ProgressIndex): string[] {
  return view.files.filter(({ role }) => role === 'master').map(({ file }) => file);
}

function textOf(record: JsonObject, field: string): string | null {
  const value: JsonValue | undefined = getKey(record, field);
  return value === undefined ? null : (scalarText(value) ?? null);
}

/** The records of stretches of lines; what is no record any more is passed over. */
async function* recordsIn(
  fileSystem: FileSystem,
  layout: SessionLayout,
  stretches: readonly GroupLines[],
): AsyncGenerator<JsonObject> {
  const files = new Map<string, StorageFile>();
  try {
    for (const { file: name, offset, bytes, skip, lines } of stretches) {
      const file = files.get(name) ?? (await fileSystem.open(layout.absolute(name), 'read'));
      files.set(name, file);
      const text = (await readFully(file, offset, bytes)).toString();
      for (const line of text.split('\n').slice(skip, skip + lines)) {
        const record = parsed(line);
        if (isJsonObject(record)) yield record;
      }
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
}

function parsed(line: string): JsonValue | undefined {
  try {
    return parseJson(line);
  } catch {
    return undefined;
  }
}

import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { messageOf, UsageError } from '../core/errors.ts';
import type { FileSystem } from './fileSystem.ts';
import { DatabaseSync } from './sqlite.ts';

/** What the third earlier system kept of one job. */
export interface ScrapedJob {
  /** As its table or its `job_name` has it. */
  readonly name: string;
  readonly urls: readonly { readonly url: string; readonly isDone: boolean }[];
}

const tablePrefix = 'scrape_';

/**
 * Reads the checkpoint database of the third earlier system: a table `scrape_{name}` for each job, or one table
 * `checkpoints` with a `job_name`. A copy of it is opened, since SQLite makes files beside what it opens.
 *
 * @throws UsageError when it is no such database.
 */
export async function readScrapedJobs(fileSystem: FileSystem, path: string): Promise<ScrapedJob[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cf-collector-import-'));
  try {
    const copy = join(folder, basename(path));
    for (const suffix of ['', '-wal']) {
      if ((await fileSystem.status(path + suffix)) !== undefined)
        await copyFile(path + suffix, copy + suffix);
    }
    return readJobs(copy);
  } catch (error) {
    throw new UsageError('DATABASE_UNREADABLE', `${path} can't be read: ${messageOf(error)}.`, {
      path,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readJobs(path: string): ScrapedJob[] {
  const database = new DatabaseSync(path);
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all()
      .map((row) => String(row['name']));
    const jobs = tables
      .filter((name) => name.startsWith(tablePrefix))
      .map((name) => {
        const quoted = `"${name.replaceAll('"', '""')}"`;
        const rows = database.prepare(`SELECT url, status FROM ${quoted} ORDER BY rowid`).all();
        return { name: name.slice(tablePrefix.length), urls: rows.map(toUrl) };
      });
    if (tables.includes('checkpoints')) {
      const sql = 'SELECT job_name, url, status FROM checkpoints ORDER BY rowid';
      const byJob = Object.groupBy(database.prepare(sql).all(), (row) => String(row['job_name']));
      for (const [name, rows = []] of Object.entries(byJob)) {
        jobs.push({ name, urls: rows.map(toUrl) });
      }
    }
    if (jobs.length === 0) throw new Error('it has neither a table scrape_… nor checkpoints');
    return jobs;
  } finally {
    database.close();
  }
}

function toUrl(row: Record<string, unknown>): { url: string; isDone: boolean } {
  return { url: String(row['url']), isDone: row['status'] === 'done' };
}

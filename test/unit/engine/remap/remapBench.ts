import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { JsonObject } from '../../../../src/core/json.ts';
import { silentLogger, type Logger } from '../../../../src/core/ports.ts';
import { systemClock, systemRandom } from '../../../../src/core/systemPorts.ts';
import type { SessionView } from '../../../../src/core/view.ts';
import { resumeSession, startCollection, type Launched } from '../../../../src/engine/launch.ts';
import type { Environment } from '../../../../src/engine/beginRun.ts';
import { startRemap, type RemapRequest } from '../../../../src/engine/remap/startRemap.ts';
import type { RunEnd } from '../../../../src/engine/sessionRun.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

/** A workspace in which something is collected with its raw items, and mapped again. */
export class RemapBench {
  readonly folder: string;
  /** What was logged as a warning. */
  readonly warnings: string[] = [];
  readonly environment: Environment;

  private constructor(folder: string) {
    this.folder = folder;
    const logger: Logger = {
      ...silentLogger,
      warn: (_fields, message) => void this.warnings.push(message),
    };
    this.environment = {
      ports: {
        fileSystem: nodeFileSystem,
        clock: systemClock,
        random: systemRandom,
        logger,
        machine: { machineId: 'm', host: 'test-host', bootId: 'b' },
      },
      opener: { via: 'cli', waitMs: 0, program: 'test 1.0.0' },
      secrets: { get: () => Promise.resolve(undefined) },
      network: {},
    };
  }

  static async make(t: TestContext): Promise<RemapBench> {
    return new RemapBench(await makeScratchFolder(t));
  }

  get file(): string {
    return join(this.folder, 'c.collect.json');
  }

  async write(collection: object): Promise<void> {
    await writeFile(this.file, JSON.stringify(collection));
  }

  /** Writes a collection and carries it out. */
  async collect(collection: object): Promise<Launched> {
    await this.write(collection);
    const launched = await startCollection(this.environment, this.file, this.folder, 'always-new');
    await runToEnd(launched);
    return launched;
  }

  start({ run }: Launched, request: Partial<RemapRequest> = {}): Promise<Launched> {
    return startRemap(this.environment, run.store.layout, {
      collectionFile: null,
      output: null,
      ...request,
    });
  }

  /** Maps a session's items again, to the end. */
  async remap(
    of: Launched,
    request: Partial<RemapRequest> = {},
  ): Promise<{ launched: Launched; end: RunEnd }> {
    const launched = await this.start(of, request);
    return { launched, end: await runToEnd(launched) };
  }

  resume({ run }: Launched): Promise<Launched> {
    return resumeSession(this.environment, run.store.layout);
  }

  /** The text of a session's data file; empty when there is none. */
  async text({ run }: Launched, role: 'master' | 'raw' | 'rejected'): Promise<string> {
    const path = this.path(run.store.view, role);
    return path === undefined ? '' : readFile(path, 'utf8');
  }

  path(view: SessionView, role: 'master' | 'raw' | 'rejected'): string | undefined {
    const file = view.files.find((f) => f.role === role)?.file;
    return file === undefined ? undefined : join(this.folder, file);
  }

  async records(launched: Launched, role: 'master' | 'raw' | 'rejected'): Promise<JsonObject[]> {
    const text = await this.text(launched, role);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JsonObject);
  }

  /** The sums of all files of a session, its folder's and its data files'. */
  async sums({ run }: Launched): Promise<string[]> {
    const { layout, view } = run.store;
    const names = await readdir(layout.folder, { recursive: true, withFileTypes: true });
    // Whoever reads an index leaves SQLite's own beside it.
    const files = names.filter((e) => e.isFile() && !e.name.startsWith('index.db-'));
    const own = files.map((e) => join(e.parentPath, e.name));
    const paths = [...own, ...view.files.map(({ file }) => layout.absolute(file))].sort();
    const sums: string[] = [];
    for (const path of paths) {
      sums.push(
        `${path} ${createHash('sha256')
          .update(await readFile(path))
          .digest('hex')}`,
      );
    }
    return sums;
  }
}

export async function runToEnd({ run }: Launched): Promise<RunEnd> {
  await run.start();
  return run.finished;
}

/** Runs until so many commits were made, and stops then. */
export async function runForCommits({ run }: Launched, commits: number): Promise<RunEnd> {
  let last = run.store.view.records;
  let left = commits;
  run.onChange(() => {
    const { records } = run.store.view;
    if (records === last) return;
    last = records;
    left -= 1;
    if (left <= 0) void run.stop('user');
  });
  await run.start();
  return run.finished;
}

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { silentLogger } from '../../../../src/core/ports.ts';
import { systemClock, systemRandom } from '../../../../src/core/systemPorts.ts';
import type { MergeManifest } from '../../../../src/core/mergeManifest.ts';
import { resumeSession, type Launched } from '../../../../src/engine/launch.ts';
import type { Environment } from '../../../../src/engine/beginRun.ts';
import { startMerge, type MergeRequest } from '../../../../src/engine/merge/startMerge.ts';
import type { RunEnd } from '../../../../src/engine/sessionRun.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

/** What merges run on: the real file system and clock. */
function mergeEnvironment(): Environment {
  return {
    ports: {
      fileSystem: nodeFileSystem,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      machine: { machineId: 'm', host: 'test-host', bootId: 'b' },
    },
    opener: { via: 'cli', waitMs: 0, program: 'test 1.0.0' },
    secrets: { get: () => Promise.resolve(undefined) },
    network: {},
  };
}

/** A workspace with inputs. */
export class MergeBench {
  readonly folder: string;
  readonly environment = mergeEnvironment();

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(
    t: TestContext,
    files: Readonly<Record<string, string | Uint8Array>>,
  ): Promise<MergeBench> {
    const bench = new MergeBench(await makeScratchFolder(t));
    for (const [name, content] of Object.entries(files)) await bench.write(name, content);
    return bench;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true });
    await writeFile(this.path(name), content);
  }

  async text(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8');
  }

  /** Begins a merge of files of the workspace into `out.jsonl`. */
  start(inputs: readonly string[], request: Partial<MergeRequest> = {}): Promise<Launched> {
    return startMerge(this.environment, {
      workspace: this.folder,
      inputs: inputs.map((name) => this.path(name)),
      output: this.path('out.jsonl'),
      key: null,
      onConflict: 'first',
      sort: null,
      ...request,
    });
  }

  /** Merges to the end. */
  async merge(
    inputs: readonly string[],
    request: Partial<MergeRequest> = {},
  ): Promise<{ launched: Launched; end: RunEnd }> {
    const launched = await this.start(inputs, request);
    return { launched, end: await runToEnd(launched) };
  }

  /** Takes the session of a merge up again. */
  resume({ run }: Launched): Promise<Launched> {
    return resumeSession(this.environment, run.store.layout);
  }

  async manifest(name = 'out.jsonl'): Promise<MergeManifest> {
    return JSON.parse(await this.text(`${name}.manifest.json`)) as MergeManifest;
  }
}

export async function runToEnd({ run }: Launched): Promise<RunEnd> {
  await run.start();
  return run.finished;
}

/** Runs until so many pages are durable, and stops then. */
export async function runForPages({ run }: Launched, pages: number): Promise<RunEnd> {
  let lastSeq = run.store.view.seq;
  let left = pages;
  run.onChange(() => {
    const { seq, units } = run.store.view;
    if (seq === lastSeq || units.in_progress + units.done === 0) return;
    lastSeq = seq;
    left -= 1;
    if (left <= 0) void run.stop('user');
  });
  await run.start();
  return run.finished;
}

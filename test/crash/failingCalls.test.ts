/**
 * A small whole session (made, worked on, stopped, opened again, finished, its master merged with another file) in which
 * one call to the file system fails: the n-th, for every n and every way to fail.
 *
 *   npm run test:crash -- failingCalls.test.ts --every-call
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { CollectorError, codeOf, messageOf } from '../../src/core/errors.ts';
import type { MergeManifest } from '../../src/core/mergeManifest.ts';
import { silentLogger, type Logger } from '../../src/core/ports.ts';
import { resumeSession } from '../../src/engine/launch.ts';
import type { Environment } from '../../src/engine/beginRun.ts';
import { isMerge } from '../../src/engine/merge/manifest.ts';
import { startMerge, type MergeRequest } from '../../src/engine/merge/startMerge.ts';
import type { RunEnd, SessionRun } from '../../src/engine/sessionRun.ts';
import { listSessions } from '../../src/storage/sessions.ts';
import type { SessionStore, StoragePorts } from '../../src/storage/sessionStore.ts';
import {
  FailingFileSystem,
  systemError,
  type FileCall,
  type Verdict,
} from '../fixtures/failingFileSystem.ts';
import { hookAtomicWrites, type AtomicStep } from '../fixtures/patchedNodeFs.ts';
import { Acknowledged, scriptCollection, scriptRun, tickingClock } from '../fixtures/scriptRun.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';
import { checkFinished, checkInvariants, scriptIds } from '../fixtures/storageScript.ts';
import {
  createTestSession,
  masterIds,
  newScratchFolder,
  openTestSession,
  testPorts,
  unsyncedFileSystem,
} from '../fixtures/storageSession.ts';
import { readJsonLines } from '../fixtures/workspace.ts';

const { values } = parseArgs({
  options: { 'every-call': { type: 'boolean', default: false } },
  strict: false,
});
/** Without the flag only some of the calls fail. */
const isEveryCall = values['every-call'] === true;

const hangMs = 20_000;
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

let scratch = '';
before(async () => {
  scratch = await newScratchFolder();
});
after(() => rm(scratch, { recursive: true, force: true }));

/** One whole session on a disk that may fail, and what came of it. */
class Story {
  readonly root: string;
  readonly disk = new FailingFileSystem(unsyncedFileSystem);
  readonly acknowledged = new Acknowledged();
  /** Whatever a person would have been told: errors, pauses, warnings in the log. */
  readonly reports: unknown[] = [];
  readonly ports: StoragePorts;
  session: string | undefined;
  /** The inputs of the merge, once it was begun. */
  mergeOf: readonly string[] | undefined;
  readonly #stopsWhenFull: boolean;

  constructor(root: string, seed: number) {
    this.root = root;
    this.#stopsWhenFull = seed % 2 === 0;
    const random = new SeededRandom(seed);
    const logger: Logger = {
      ...silentLogger,
      warn: (_fields, message) => this.reports.push(message),
      error: (_fields, message) => this.reports.push(message),
    };
    this.ports = testPorts(this.disk, { random, logger, clock: tickingClock() });
  }

  /** Lives the story until it ends or something stops it. */
  async live(): Promise<void> {
    const store = await this.#try('create', () =>
      createTestSession(this.root, this.ports, scriptCollection),
    );
    if (store === undefined) return;
    this.session = store.layout.session;
    const first = scriptRun(store, {
      ...this.#runOptions,
      onPage: (count, run) => void (count === 4 && run.stop('user')),
    });
    if ((await this.#carryOut('first run', first)) !== 'stopped') return;
    const opened = await this.#try('open', () => this.#open(store.layout.session));
    if (opened === undefined) return;
    const second = await this.#carryOut('second run', scriptRun(opened, this.#runOptions));
    if (second !== 'completed') return;
    this.mergeOf = await writeMergeInputs(this.root, opened);
    const merging = await this.#try('merge', () => startMerge(this.#environment, this.#request));
    if (merging !== undefined) await this.#carryOut('merge', merging.run);
  }

  /** Begins or goes on to merge, on a disk that works. */
  async mergeAgain(): Promise<RunEnd> {
    const { fileSystem, machine } = this.ports;
    const found = (await listSessions(fileSystem, machine, this.root)).find(({ view }) =>
      isMerge(view),
    );
    if (found?.view.state === 'completed') return { state: 'completed' };
    const { run } =
      found === undefined
        ? await startMerge(this.#environment, this.#request)
        : await resumeSession(this.#environment, found.layout);
    await run.start();
    return inTime('the merge afterwards', run.finished);
  }

  get #environment(): Environment {
    return {
      ports: this.ports,
      opener: { via: 'cli', waitMs: 0, program: 'test 1.0.0' },
      secrets: { get: () => Promise.resolve(undefined) },
      network: {},
    };
  }

  get #request(): MergeRequest {
    const output = mergedPath(this.root);
    const rest = { key: ['id'], onConflict: 'first', sort: null } as const;
    return { workspace: this.root, inputs: this.mergeOf ?? [], output, ...rest };
  }

  get #runOptions() {
    return { acknowledged: this.acknowledged, logger: this.ports.logger };
  }

  async #open(session: string): Promise<SessionStore> {
    return (await openTestSession(this.root, session, this.ports, scriptCollection)).store;
  }

  async #try<T>(name: string, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await inTime(name, action());
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      this.reports.push(error);
      return undefined;
    }
  }

  /** A pause for a full disk is met by freeing space and going on, or by stopping, in turns. */
  async #carryOut(name: string, run: SessionRun): Promise<RunEnd['state']> {
    let isMet = false;
    run.onChange(() => {
      if (isMet || run.pausedByGuard !== 'disk-full') return;
      isMet = true;
      this.reports.push(run.snapshot().view.reasonMessage);
      if (this.#stopsWhenFull) void run.stop('user');
      else void run.unpause();
    });
    await inTime(name, run.start());
    const end = await inTime(name, run.finished);
    if (end.error !== undefined) this.reports.push(end.error);
    return end.state;
  }
}

function mergedPath(root: string): string {
  return join(root, 'merged.jsonl');
}

/** The master, and a file that shares a record with it and has one of its own, and a line that is none. */
async function writeMergeInputs(root: string, { view, layout }: SessionStore): Promise<string[]> {
  const more = join(root, 'more.jsonl');
  await writeFile(more, '{"id":"a1","other":true}\nno record\n{"id":"more"}\n');
  const master = view.files.find(({ role }) => role === 'master')?.file ?? '';
  return [layout.absolute(master), more];
}

async function checkMerged(story: Story): Promise<void> {
  const end = await story.mergeAgain();
  assert.equal(end.state, 'completed', end.error?.stack);
  const records = await readJsonLines(mergedPath(story.root));
  assert.deepEqual(records.map((record) => record['id']).sort(), [...scriptIds, 'more'].sort());
  const manifest = await readFile(`${mergedPath(story.root)}.manifest.json`, 'utf8');
  const { records: count, rejected, duplicates } = JSON.parse(manifest) as MergeManifest;
  assert.deepEqual([count, rejected, duplicates], [records.length, 1, 1]);
}

async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new assert.AssertionError({ message: `${what} hangs` }));
    }, hangMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** An error is clear when it has a code and says something; a bug's TypeError has and does neither. */
function checkReport(report: unknown): void {
  if (report instanceof Error) {
    assert.ok(
      report instanceof CollectorError || /^[A-Z_]{3,}$/.test(codeOf(report)),
      `not clear: ${report.stack}`,
    );
    assert.notEqual(codeOf(report), 'INTERNAL', report.stack);
    assert.notEqual(codeOf(report), 'ENGINE_FAILED', report.stack);
  }
  assert.match(messageOf(report), /\w/);
}

/** What the next process finds and makes of it, on a disk that works. */
async function checkAftermath(story: Story): Promise<void> {
  const { root, acknowledged } = story;
  const ports = testPorts(unsyncedFileSystem, { clock: tickingClock() });
  const found = await listSessions(ports.fileSystem, ports.machine, root);
  assert.ok(
    found.every(({ damage, view }) => damage === undefined && view.session !== ''),
    'no half session is listed',
  );
  if (story.session === undefined) {
    assert.deepEqual(found, [], 'a session that could not be made is not there');
    return;
  }
  const { store } = await openTestSession(root, story.session, ports, scriptCollection);
  await checkInvariants(root, store, acknowledged.ids(), acknowledged.units());
  const run = scriptRun(store);
  await run.start();
  const end = await inTime('the run afterwards', run.finished);
  assert.equal(end.state, 'completed', end.error?.stack);
  const again = await openTestSession(root, story.session, ports, scriptCollection);
  try {
    await checkInvariants(root, again.store, new Set(scriptIds), new Set());
    checkFinished(again.store.view, await masterIds(root, again.store.view));
  } finally {
    await again.store.close(true);
  }
  if (story.mergeOf !== undefined) await checkMerged(story);
}

/** Something that goes wrong in a story. */
interface Spoilt {
  /** Where it went wrong; undefined while it has not. */
  readonly place: () => string | undefined;
  /** Whether somebody has to be told of it. */
  readonly isTold: () => boolean;
  /** From here on everything works. */
  readonly end: () => void;
}

/** Lives a story with something wrong in it, and checks what was told and what is left. */
async function survive(seed: number, spoil: (story: Story) => Spoilt): Promise<void> {
  const story = new Story(await mkdtemp(join(scratch, 'story-')), seed);
  const spoilt = spoil(story);
  try {
    await story.live();
    spoilt.end();
    story.disk.rule = () => undefined;
    assert.deepEqual(unhandled.splice(0), [], 'no rejection goes unhandled');
    assert.equal(story.disk.openFiles, 0, 'no file is left open');
    story.reports.forEach(checkReport);
    if (spoilt.isTold()) assert.ok(story.reports.length > 0, 'nobody was told');
    await checkAftermath(story);
  } finally {
    spoilt.end();
    await rm(story.root, { recursive: true, force: true });
  }
}

/** A way for a call to fail. */
interface Failure {
  readonly isFor: (call: FileCall) => boolean;
  readonly verdict: (call: FileCall) => Verdict;
  /** Whether somebody has to be told: a write that goes on where it was short is nobody's business. */
  readonly isTold: boolean;
}

const errors = ['EIO', 'ENOSPC', 'EMFILE', 'EACCES'] as const;
const isWrite = ({ operation }: FileCall): boolean => operation === 'write';
const half = ({ bytes = 0 }: FileCall): number => Math.ceil(bytes / 2);

const failures: Readonly<Record<string, Failure>> = {
  ...Object.fromEntries(
    errors.map((code) => [
      code,
      { isFor: () => true, verdict: () => systemError(code), isTold: true },
    ]),
  ),
  'a short write': { isFor: isWrite, verdict: (call) => ({ wrote: half(call) }), isTold: false },
  'a short write, then ENOSPC': {
    isFor: isWrite,
    verdict: (call) => ({ wrote: half(call), error: systemError('ENOSPC') }),
    isTold: true,
  },
};

/** Lives one story for each place that something can be wrong at, until there is no such place any more. */
async function surviveAll(
  t: TestContext,
  { first, by, atLeast }: { first: number; by: number; atLeast: number },
  spoil: (story: Story, n: number) => Spoilt,
): Promise<void> {
  let stories = 0;
  for (let n = first; ; n += by) {
    let spoilt: Spoilt | undefined;
    await survive(n, (story) => (spoilt = spoil(story, n))).catch((error: unknown) => {
      throw new Error(`at ${n}: ${spoilt?.place()}`, { cause: error });
    });
    if (spoilt?.place() === undefined) {
      t.diagnostic(`${stories} stories`);
      assert.ok(n > atLeast, `only ${n} places`);
      return;
    }
    stories += 1;
  }
}

suite('whatever call fails: it is told, and nothing acknowledged is lost', () => {
  for (const [at, [name, { isFor, verdict, isTold }]] of Object.entries(failures).entries()) {
    const by = isEveryCall ? 1 : isTold ? 43 : 7;
    test(name, (t) =>
      surviveAll(t, { first: 1 + (at % by), by, atLeast: 30 }, ({ disk }, n) => {
        let place: string | undefined;
        let met = 0;
        disk.rule = (call) => {
          if (!isFor(call) || (met += 1) !== n) return undefined;
          place = `${call.operation} ${call.path}`;
          return verdict(call);
        };
        return {
          place: () => place,
          isTold: () => isTold && place !== undefined,
          end: () => undefined,
        };
      }),
    );
  }

  for (const [at, code] of errors.entries()) {
    const by = isEveryCall ? 1 : 17;
    test(`${code} under write-file-atomic`, (t) =>
      surviveAll(t, { first: 1 + (at % by), by, atLeast: 40 }, (_story, n) => {
        let place: string | undefined;
        let steps = 0;
        const end = hookNamedWrites((step, path) => {
          if ((steps += 1) !== n) return undefined;
          place = `${step} ${path}`;
          throw systemError(code);
        });
        // Its unlink after the rename finds nothing, as it always does.
        return {
          place: () => place,
          isTold: () => place !== undefined && !place.startsWith('unlink'),
          end,
        };
      }));
  }

  test('a short write under write-file-atomic', (t) => {
    const by = isEveryCall ? 1 : 5;
    return surviveAll(t, { first: 1, by, atLeast: 10 }, (_story, n) => {
      let place: string | undefined;
      let writes = 0;
      const end = hookNamedWrites((step, path) => {
        if (step !== 'write' || (writes += 1) !== n) return undefined;
        place = path;
        return 10;
      });
      return { place: () => place, isTold: () => place !== undefined && !isNote.test(place), end };
    });
  });
});

/** Written for people and never read back: who holds a session, and the earlier systems' small files. */
const isNote = /holder\.json|_collection_checkpoint\.json|collect\/[^/]*_checkpoint\.json/;

/** Hooks under `write-file-atomic` that know the file of each step. A number cuts a write to so many bytes. */
function hookNamedWrites(
  onStep: (step: AtomicStep, path: string) => number | undefined,
): () => void {
  const open = new Map<unknown, string>();
  let length: number | undefined;
  return hookAtomicWrites({
    before: (step, [target]) => {
      length = undefined;
      // A file that it did not open is somebody else's: the log's.
      if (typeof target === 'number' && !open.has(target)) return;
      length = onStep(step, open.get(target) ?? String(target));
    },
    shorten: () => length,
    after: (step, [target], result) => {
      if (step === 'open') open.set(result, String(target));
    },
  });
}

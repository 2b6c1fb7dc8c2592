/**
 * A small whole session (made, worked on, stopped, opened again, finished) in which one call to the file system fails: the
 * n-th, for every n and every way to fail.
 *
 *   npm run test:crash -- failingCalls.test.ts --every-call
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { parseArgs } from 'node:util';
import { CollectorError, codeOf, messageOf } from '../../src/core/errors.ts';
import { silentLogger, type Logger } from '../../src/core/ports.ts';
import type { RunEnd, SessionRun } from '../../src/engine/sessionRun.ts';
import { listSessions } from '../../src/storage/sessions.ts';
import type { SessionStore, StoragePorts } from '../../src/storage/sessionStore.ts';
import {
  FailingFileSystem,
  systemError,
  type FileCall,
  type Verdict,
} from '../fixtures/failingFileSystem.ts';
import { hookAtomicWrites } from '../fixtures/patchedNodeFs.ts';
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
    await this.#carryOut('second run', scriptRun(opened, this.#runOptions));
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
    const by = isEveryCall ? 1 : isTold ? 23 : 5;
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
    const by = isEveryCall ? 1 : 8;
    test(`${code} under write-file-atomic`, (t) =>
      surviveAll(t, { first: 1 + (at % by), by, atLeast: 40 }, (_story, n) => {
        let place: string | undefined;
        let steps = 0;
        const end = hookAtomicWrites({
          before: (step, args) => {
            if ((steps += 1) !== n) return;
            place = `${step} ${String(args[0])}`;
            throw systemError(code);
          },
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
    const by = isEveryCall ? 1 : 3;
    return surviveAll(t, { first: 1, by, atLeast: 10 }, (_story, n) => {
      let place: string | undefined;
      let writes = 0;
      const end = hookAtomicWrites({
        shorten: (bytes) => {
          if ((writes += 1) !== n) return undefined;
          place = bytes.toString();
          return Math.floor(bytes.length / 2);
        },
      });
      // Who holds a session is a note for people; when it can't be read, nobody is named.
      const isTold = (): boolean => place?.includes('"bootId"') === false;
      return { place: () => place, isTold, end };
    });
  });
});

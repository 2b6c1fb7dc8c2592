import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Collection } from '../../../../src/core/config.ts';
import type { JournalEvent } from '../../../../src/core/events.ts';
import type { JsonObject } from '../../../../src/core/json.ts';
import { systemClock } from '../../../../src/core/systemPorts.ts';
import type { TargetReport, ValidationReport } from '../../../../src/core/validation.ts';
import { validate, type ValidationRequest } from '../../../../src/engine/validate/validate.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { rebuildIndex } from '../../../../src/storage/indexRebuild.ts';
import { decodeLine, encodeLine, noSum } from '../../../../src/storage/journalLine.ts';
import type { SessionLayout } from '../../../../src/storage/layout.ts';
import type { SessionStore } from '../../../../src/storage/sessionStore.ts';
import {
  claim,
  createTestSession,
  finishing,
  makeScratchFolder,
  planUnits,
  prepared,
  preparedReject,
  testCollection,
  testPorts,
  unsyncedFileSystem,
} from '../../../fixtures/storageSession.ts';

/** A session that is all right, and ways to break it. */
export interface SessionToBreak {
  readonly root: string;
  readonly layout: SessionLayout;
  readonly master: string;
  readonly rejected: string;
}

/** How a test session is made. */
export interface SessionParts {
  readonly collection?: Collection;
  readonly record?: (id: string) => JsonObject;
  /** Left as a killed process leaves it. */
  readonly isCutShort?: boolean;
}

/** Records of a test session: each of its units brings so many. */
export const recordsPerUnit = 3;
/** Units of a test session. */
const unitCount = 4;

/**
 * Makes a session of four units, one commit each: lines 1-3 of the master are of the first, 4-6 of the second, and so
 * on. The second unit also rejects a record. Two checkpoints were written, so session.json has its backup.
 */
export async function makeSession(
  t: TestContext,
  parts: SessionParts = {},
): Promise<SessionToBreak> {
  const root = await makeScratchFolder(t);
  const { collection = testCollection(), record = (id) => ({ id, text: `text of ${id}` }) } = parts;
  const store = await createTestSession(root, testPorts(unsyncedFileSystem), collection);
  const keys = Array.from({ length: unitCount }, (_, i) => `page ${i + 1}`);
  const units = await planUnits(store, ...keys);
  for (const unit of units) {
    await claim(store, unit);
    const ids = Array.from({ length: recordsPerUnit }, (_, i) => `r${unit}.${i + 1}`);
    await store.hand(
      finishing(unit, {
        records: ids.map((id) => prepared(record(id))),
        rejected: unit === 2 ? [preparedReject(unit, { odd: true })] : [],
      }),
    );
    if (unit === 2) await store.checkpoint('batch_completed', []);
  }
  await store.checkpoint('session_completed', []);
  if (parts.isCutShort !== true) {
    await store.record({ type: 'completed', by: 'exhausted', activeMs: 5 });
  }
  const paths = pathsOf(store);
  await store.close(true);
  return paths;
}

function pathsOf({ layout, view }: SessionStore): SessionToBreak {
  const pathOf = (role: string): string =>
    layout.absolute(view.files.find((f) => f.role === role)?.file ?? '');
  return { root: layout.root, layout, master: pathOf('master'), rejected: pathOf('rejected') };
}

/** Validates what is named, or everything below a root. */
export function validateIn(
  root: string,
  request: Partial<ValidationRequest> = {},
  signal = new AbortController().signal,
): Promise<ValidationReport> {
  const ports = {
    fileSystem: nodeFileSystem,
    clock: systemClock,
    machine: { machineId: 'm', host: 'test-host', bootId: 'b' },
    via: 'cli',
  } as const;
  const all = { workspace: root, sessions: [], paths: [], schema: null, fixIndex: false };
  return validate(ports, { ...all, ...request }, { signal, onProgress: () => undefined });
}

/** The report of the only target. */
export async function reportOf(
  root: string,
  request: Partial<ValidationRequest> = {},
): Promise<TargetReport> {
  const { targets } = await validateIn(root, request);
  const [target] = targets;
  if (target === undefined || targets.length > 1) throw new Error(`${targets.length} targets`);
  return target;
}

/** `error CODE file:line:column` of each finding; the time and the id in names are left out. */
export function found({ findings }: Pick<TargetReport, 'findings'>): string[] {
  return findings.map(({ severity, code, file, line, column }) => {
    const name = basename(file)
      .replace(/_\d{8}_\d{6}/, '')
      .replace(/^checkpoint_.*\.json/, 'checkpoint.json');
    const place = [line, column].filter((n) => n !== undefined).map((n) => `:${n}`);
    return `${severity} ${code} ${name}${place.join('')}`;
  });
}

/** Changes the text of a file. @throws when the change changes nothing. */
export async function changeFile(path: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(path, 'latin1');
  const changed = change(text);
  if (changed === text) throw new Error(`Nothing changed in ${path}`);
  await writeFile(path, changed, 'latin1');
}

/** Changes one line of a file, counted from 1, without its newline; undefined takes it out. */
export function changeLine(
  path: string,
  number: number,
  change: (line: string) => string | undefined,
): Promise<void> {
  return changeFile(path, (text) => {
    const lines = text.split('\n');
    const changed = change(lines[number - 1] ?? '');
    lines.splice(number - 1, 1, ...(changed === undefined ? [] : [changed]));
    return lines.join('\n');
  });
}

/**
 * Writes the journal again with other events, all its sums right, and an index that is level with it: what a program
 * with a fault would have left.
 */
export async function forgeJournal(
  { layout }: SessionToBreak,
  change: (event: JournalEvent) => readonly JournalEvent[],
): Promise<void> {
  const bytes = await readFile(layout.journal);
  const lines: Buffer[] = [];
  let prev = noSum;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    const line = decodeLine(bytes.subarray(start, end));
    if (line === undefined) throw new Error('The journal is damaged already');
    const events = line.events.flatMap((event) => change(event));
    const encoded = encodeLine({ seq: line.seq, at: line.at, events }, prev);
    prev = encoded.sum;
    lines.push(encoded.bytes);
    start = end + 1;
  }
  await writeFile(layout.journal, Buffer.concat(lines));
  const { index, view } = await rebuildIndex(nodeFileSystem, layout);
  index.apply([], view, true);
  index.close();
}

/** The checkpoints of a session, the oldest first. */
export async function checkpointPaths({ layout }: SessionToBreak): Promise<string[]> {
  const names = (await nodeFileSystem.list(layout.checkpoints)).filter((n) => n.endsWith('.json'));
  const withSeq = await Promise.all(
    names.map(async (name) => {
      const path = join(layout.checkpoints, name);
      const { collector } = JSON.parse(await readFile(path, 'utf8')) as {
        collector: { seq: number };
      };
      return { path, seq: collector.seq };
    }),
  );
  return withSeq.toSorted((a, b) => a.seq - b.seq).map(({ path }) => path);
}

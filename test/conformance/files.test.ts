import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectionSchema } from '../../src/core/config.ts';
import type { FilesSourceConfig } from '../../src/core/config/filesSource.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { FileItem } from '../../src/sources/files/fileItem.ts';
import { FilesSource } from '../../src/sources/files/filesSource.ts';
import type { Backend, Subject } from './subject.ts';
import { testSource } from './testSource.ts';

/** A folder with files: nobody is called, so nothing can be late, refused or broken off. */
class Folder implements Backend {
  readonly path: string;
  readonly calls = 0;

  constructor(path: string) {
    this.path = path;
  }

  untilCalls(): Promise<void> {
    return Promise.resolve();
  }

  behave(): void {
    // Files have no moods.
  }

  stallFrom(): void {
    // Nor do they stall.
  }

  release(): void {
    // So nothing is held.
  }

  untilDisconnected(): Promise<void> {
    return Promise.resolve();
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

function filesConfig(source: object): FilesSourceConfig {
  const { source: checked } = collectionSchema.parse({
    name: 'test',
    source: { type: 'files', ...source },
  });
  if (checked.type !== 'files') throw new Error('no files source');
  return checked;
}

const names = ['a.jsonl', 'b.jsonl', 'c.csv'];
/** More than fit into a page. */
const perFile = 10_000;

function recordsOf(name: string, count = name === 'c.csv' ? 3000 : perFile): JsonObject[] {
  const fill = 'x'.repeat(200);
  return Array.from({ length: count }, (_, i) => ({ id: `${name} ${i}`, fill }));
}

function toCells(record: JsonObject): string {
  return Object.values(record).map(String).join(',');
}

async function makeFolder(count?: number): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'cf-files-'));
  for (const name of names) {
    const records = recordsOf(name, count);
    const text =
      name === 'c.csv'
        ? `id,fill\n${records.map((record) => `${toCells(record)}\n`).join('')}`
        : records.map((record) => `${JSON.stringify(record)}\n`).join('');
    await writeFile(join(path, name), text);
  }
  return new Folder(path);
}

const subject: Subject<FileItem, Folder> = {
  name: 'files',
  traits: { paid: false, discovers: false, resumesMidUnit: true, inOrder: true },
  start: () => makeFolder(),
  create: (folder, context) =>
    new FilesSource(filesConfig({ inputs: names }), {
      ...context,
      root: folder.path,
      scratch: join(folder.path, 'scratch'),
    }),
  expected: () => names.flatMap((name) => recordsOf(name)),
  errors: {
    throttled: 'n/a',
    unavailable: 'n/a',
    missing: 'n/a',
    silent: 'n/a',
    cut: 'n/a',
    refused: 'n/a',
  },
  hasHealth: false,
  isLocal: true,
};

testSource(subject);

/** Every page of sorted records is a cursor from which all files are read again. */
const sortedPerFile = 2000;

testSource({
  ...subject,
  name: 'files, the last of each key, sorted',
  start: () => makeFolder(sortedPerFile),
  expected: () => names.flatMap((name) => recordsOf(name, sortedPerFile)),
  create: (folder, context) =>
    new FilesSource(filesConfig({ inputs: names, onConflict: 'last', sort: 'id' }), {
      ...context,
      root: folder.path,
      scratch: join(folder.path, 'scratch'),
      keyFields: ['id'],
    }),
});

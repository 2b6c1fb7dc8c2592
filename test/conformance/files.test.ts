import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
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

function recordsOf(
  name: string,
  count = name === 'c.csv' ? 3000 : perFile,
  fill = 'x'.repeat(200),
): { readonly id: string; readonly fill: string }[] {
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

/** Few, since expressions are slow, but large. */
const mixed = (name: string): ReturnType<typeof recordsOf> =>
  recordsOf(name, 1500, 'x'.repeat(2000));

/** Records in files of every kind. */
async function makeMixedFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'cf-files-'));
  const listed = (name: string): object => ({
    meta: { n: 1 },
    results: mixed(name).map((record) => ({ work: record })),
  });
  await writeFile(join(path, 'a.json'), JSON.stringify(listed('a'), null, 1));
  await mkdir(join(path, 'deep'));
  await writeFile(join(path, 'deep', 'b.json.gz'), gzipSync(JSON.stringify(listed('b'))));
  await writeFile(join(path, 'deep', 'c.json'), JSON.stringify(listed('c')));
  return new Folder(path);
}

testSource({
  ...subject,
  name: 'files, patterns of JSON lists, mapped',
  traits: { ...subject.traits, discovers: true },
  start: makeMixedFolder,
  create: (folder, context) =>
    new FilesSource(
      filesConfig({
        inputs: ['a.json', '**/*.json*'],
        items: 'results',
        fields: { id: 'work.id', loud: '=$uppercase(work.id)', file: { from: 'file' } },
      }),
      { ...context, root: folder.path, scratch: join(folder.path, 'scratch') },
    ),
  expected: () =>
    Object.entries({ a: 'a.json', b: 'deep/b.json.gz', c: 'deep/c.json' }).flatMap(([name, file]) =>
      mixed(name).map(({ id }) => ({ id, loud: id.toUpperCase(), file })),
    ),
});

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

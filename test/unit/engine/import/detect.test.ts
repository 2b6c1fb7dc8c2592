import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { detect } from '../../../../src/engine/import/detect.ts';
import { nodeFileSystem } from '../../../../src/storage/fileSystem.ts';
import { makeComputeForecastState, makeReplyGuydData } from '../../../fixtures/earlierData.ts';
import { makeScratchFolder } from '../../../fixtures/storageSession.ts';

test('something else is refused with what can be imported', async (t) => {
  const folder = await makeScratchFolder(t);
  const files: Readonly<Record<string, string>> = {
    'notes.txt': 'hello',
    'own.collect.json': '{ "name": "a", "source": {}, "fields": [] }',
    'list.json': '[1, 2]',
    'broken.json': '{ "name": ',
    'other.jsonl': '{"a":1}\n',
    'empty.jsonl': '',
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text);
    await assert.rejects(
      detect(nodeFileSystem, join(folder, name)),
      {
        code: 'NOT_EARLIER_DATA',
        message: /What can be imported:[^]*compute-forecast[^]*reply-guyd[^]*glider/,
      },
      name,
    );
  }
  await assert.rejects(detect(nodeFileSystem, folder), { code: 'NOT_EARLIER_DATA' });
});

test('an empty folder and a missing path are named as such', async (t) => {
  const folder = await makeScratchFolder(t);
  await assert.rejects(detect(nodeFileSystem, folder), {
    code: 'EMPTY_FOLDER',
    message: /is empty/,
  });
  await assert.rejects(detect(nodeFileSystem, join(folder, 'no')), { code: 'NOTHING_THERE' });
});

test("a project's folder is seen through to its data", async (t) => {
  const folder = await makeScratchFolder(t);
  const state = await makeComputeForecastState(folder);
  assert.deepEqual(await detect(nodeFileSystem, folder), {
    kind: 'compute-forecast-state',
    folder: state,
    files: [],
  });
  const other = await makeScratchFolder(t);
  await mkdir(join(other, 'data'));
  const master = await makeReplyGuydData(join(other, 'data/raw'));
  const found = await detect(nodeFileSystem, other);
  assert.equal(found.kind, 'reply-guyd-master');
  assert.ok(found.files.includes(master));
});

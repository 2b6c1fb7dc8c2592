import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { codeOf } from '../../../src/core/errors.ts';
import { systemClock, systemRandom } from '../../../src/core/systemPorts.ts';
import type { Environment } from '../../../src/engine/beginRun.ts';
import { startCollection } from '../../../src/engine/launch.ts';
import { nodeFileSystem } from '../../../src/storage/fileSystem.ts';
import { identifyMachine } from '../../../src/storage/machine.ts';
import { makeWorkspace, writeCollection } from '../../fixtures/workspace.ts';
import { makeReadOnly } from '../../fixtures/readOnlyFolder.ts';

async function environment(): Promise<Environment> {
  const nothing = (): void => undefined;
  return {
    ports: {
      fileSystem: nodeFileSystem,
      clock: systemClock,
      random: systemRandom,
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      machine: await identifyMachine(),
    },
    opener: { via: 'cli', waitMs: 0, program: 'test' },
    secrets: { get: () => Promise.resolve(undefined) },
    network: {},
  };
}

test('a folder that nothing can be written in is refused by name, and nothing is made', async (t) => {
  const workspace = await makeWorkspace(t);
  const file = await writeCollection(workspace, {
    name: 'kept',
    source: { type: 'rest', url: 'http://127.0.0.1:1/' },
  });
  const made = await makeReadOnly(workspace);
  if ('reason' in made) {
    t.skip(made.reason);
    return;
  }
  try {
    await assert.rejects(
      startCollection(await environment(), file, workspace, 'new-only'),
      (error) => {
        assert.equal(codeOf(error), 'FOLDER_READ_ONLY');
        assert.ok(error instanceof Error && error.message.includes(workspace));
        return true;
      },
    );
  } finally {
    await made.restore();
  }
  assert.deepEqual(await readdir(workspace), ['kept.collect.json']);
});

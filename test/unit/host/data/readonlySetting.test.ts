import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataFilesGlob } from '../../../../src/contributions.ts';
import {
  readonlyIncludeFor,
  type ReadonlyInclude,
} from '../../../../src/host/data/readonlySetting.ts';

const glob = '**/*_master_*';
const other = { '**/vendor/**': true };

/** As VS Code reads it: the objects of all settings files are one, the nearer one goes before. */
function isReadonly(...values: readonly (ReadonlyInclude | undefined)[]): boolean | undefined {
  return Object.assign({}, { [glob]: true }, ...values)[glob] as boolean | undefined;
}

test('data files are read-only as protectMasters says, whichever settings file says it', () => {
  for (const inUser of [undefined, true, false]) {
    for (const inWorkspace of [undefined, true, false]) {
      for (const before of [undefined, other, { [glob]: false }, { [glob]: true, ...other }]) {
        const user = readonlyIncludeFor(glob, before, inUser, true);
        const workspace = readonlyIncludeFor(glob, before, inWorkspace, inUser ?? true);
        const expected = inWorkspace ?? inUser ?? true;
        assert.equal(
          isReadonly(user, workspace),
          expected,
          JSON.stringify([inUser, inWorkspace, before]),
        );
        // What else a person has there stays.
        if (before && '**/vendor/**' in before) assert.equal(user?.['**/vendor/**'], true);
      }
    }
  }
  assert.equal(readonlyIncludeFor(glob, { [glob]: false }, undefined, true), undefined);
});

test('the names of data files are those that the manifest makes read-only', () => {
  const manifest = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../../package.json'), 'utf8'),
  ) as { contributes: { configurationDefaults: Record<string, ReadonlyInclude> } };
  const defaults = manifest.contributes.configurationDefaults['files.readonlyInclude'];
  assert.equal(defaults?.[dataFilesGlob], true);
});

// One suite around every test file in this folder, so that its end is the end of all of them.
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe } from 'node:test';

const load = createRequire(import.meta.filename);

describe('extension host', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.js'));
  for (const file of files) {
    describe(file, () => {
      load(path.join(import.meta.dirname, file));
    });
  }
});

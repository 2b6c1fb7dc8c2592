import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

const setup = path.resolve(import.meta.dirname, '../../../.ci/setup.mjs');

describe('setup', { skip: process.platform === 'win32' && 'makes links' }, () => {
  let project: string;
  const inProject = (...parts: readonly string[]): string => path.join(project, ...parts);

  beforeEach(() => {
    project = mkdtempSync(path.join(os.tmpdir(), 'cf-setup-'));
    mkdirSync(inProject('.ci'));
    copyFileSync(setup, inProject('.ci', 'setup.mjs'));
    writeFileSync(
      inProject('script.mjs'),
      `console.log(process.argv.slice(2).join(' ') + ' ' + process.execPath); process.exitCode = 7;`,
    );
    // An npm that installs what package-lock.json says, and writes down what it was told.
    writeFileSync(
      inProject('npm.js'),
      `const fs = require('node:fs');
       fs.appendFileSync('npm.log', process.argv.slice(2, 3) + '\\n');
       fs.mkdirSync('node_modules/node/bin', { recursive: true });
       fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
       if (!fs.existsSync('node_modules/node/bin/node')) {
         fs.symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/node/bin/node');
       }`,
    );
    lock({ '': {}, 'node_modules/a': { version: '1.0.0' } });
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  function lock(packages: object): void {
    writeFileSync(inProject('package-lock.json'), JSON.stringify({ packages }));
  }

  function installed(packages: object): void {
    mkdirSync(inProject('node_modules', 'node', 'bin'), { recursive: true });
    writeFileSync(inProject('node_modules', '.package-lock.json'), JSON.stringify({ packages }));
    symlinkSync(process.execPath, inProject('node_modules', 'node', 'bin', 'node'));
  }

  /** What npm was told to do by a run of setup with the script, which always runs. */
  function npmCommands(): string {
    const args = [inProject('.ci', 'setup.mjs'), 'script.mjs', '--flag', 'value'];
    const env = { ...process.env, npm_execpath: inProject('npm.js') };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    assert.equal(status, 7, stderr);
    assert.match(stdout, /^--flag value /);
    return existsSync(inProject('npm.log')) ? readFileSync(inProject('npm.log'), 'utf8') : '';
  }

  test('installs on a fresh machine, and not again', () => {
    assert.equal(npmCommands(), 'ci\n');
    assert.equal(npmCommands(), 'ci\n');
  });

  test('leaves packages alone that somebody else installed', () => {
    installed({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } });
    assert.equal(npmCommands(), '');
  });

  test('installs again when the lock file names another version', () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    lock({ '': {}, 'node_modules/a': { version: '1.0.1' } });
    assert.equal(npmCommands(), 'ci\n');
  });

  test("misses no optional package, which may be another platform's", () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    lock({
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '1.0.0', optional: true },
    });
    assert.equal(npmCommands(), '');
  });

  test("brings the project's Node when npm did not run its install script", () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    rmSync(inProject('node_modules', 'node', 'bin', 'node'));
    writeFileSync(
      inProject('node_modules', 'node', 'installArchSpecificPackage.js'),
      `require('node:fs').symlinkSync(${JSON.stringify(process.execPath)}, 'bin/node');`,
    );
    assert.equal(npmCommands(), 'rebuild\n');
  });
});

import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger, type LogFields, type Logger } from '../../../src/core/ports.ts';
import { SessionLayout } from '../../../src/storage/layout.ts';
import { Snapshots } from '../../../src/storage/snapshots.ts';
import { makeWorkspace } from '../../fixtures/workspace.ts';

interface Warning {
  readonly fields: LogFields;
  readonly message: string;
}

function recorder(): { logger: Logger; warnings: Warning[] } {
  const warnings: Warning[] = [];
  const logger = {
    ...silentLogger,
    warn: (fields: LogFields, message: string) => void warnings.push({ fields, message }),
  };
  return { logger, warnings };
}

const redact = (text: string): string => text.replaceAll('s3cret', '${secret:S}');

test('a snapshot has a name of its own, and no secret in it', async (t) => {
  const layout = new SessionLayout(await makeWorkspace(t), 'session_1');
  const snapshots = new Snapshots(layout, silentLogger, redact);
  const url = 'https://example.org/a?token=s3cret&x=/../..';
  const paths = await Promise.all([
    snapshots.save(url, '.html', '<p>s3cret</p>'),
    snapshots.save(url, '.html', 'again'),
    snapshots.save('shot', '.png', new Uint8Array([1, 2, 3])),
  ]);
  assert.deepEqual(paths, [
    '.cf_state/sessions/session_1/snapshots/example.org_a_token_secret_S_x_.._._.html',
    '.cf_state/sessions/session_1/snapshots/example.org_a_token_secret_S_x_.._.__2.html',
    '.cf_state/sessions/session_1/snapshots/shot.png',
  ]);
  assert.equal(await readFile(layout.absolute(paths[0] ?? ''), 'utf8'), '<p>${secret:S}</p>');
  assert.deepEqual([...(await readFile(layout.absolute(paths[2] ?? '')))], [1, 2, 3]);
});

test('they are bounded over all starts, and the log says so once', async (t) => {
  const layout = new SessionLayout(await makeWorkspace(t), 'session_1');
  const { logger, warnings } = recorder();
  const bounds = { count: 3, bytes: 100 };
  const first = new Snapshots(layout, logger, redact, bounds);
  assert.ok(await first.save('a', '.html', 'x'.repeat(40)));
  assert.ok(await first.save('b', '.html', 'x'.repeat(40)));
  assert.equal(warnings.length, 0);
  const second = new Snapshots(layout, logger, redact, bounds);
  assert.equal(await second.save('c', '.html', 'x'.repeat(40)), undefined, 'too many bytes');
  assert.equal(await second.save('d', '.html', 'x'), undefined, 'full is full');
  assert.equal((await readdir(layout.snapshots)).length, 2);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]?.message ?? '', /Delete some/);
  const third = new Snapshots(layout, logger, redact, { count: 2, bytes: 1000 });
  assert.equal(await third.save('e', '.html', 'x'), undefined, 'too many files');
  await rm(join(layout.snapshots, 'a.html'));
  const fourth = new Snapshots(layout, logger, redact, { count: 2, bytes: 1000 });
  assert.ok(await fourth.save('f', '.html', 'x'), 'there is room again');
});

test('one that can not be written is a line in the log', async (t) => {
  const root = await makeWorkspace(t);
  const { logger, warnings } = recorder();
  // A name that no file system takes: its folder can't be made.
  const snapshots = new Snapshots(new SessionLayout(root, 'a\0b'), logger, redact);
  assert.equal(await snapshots.save('a', '.html', 'x'), undefined);
  assert.match(warnings[0]?.message ?? '', /could not be written/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceDefinition } from '../../../../src/core/customSource/definition.ts';
import { collectionSchema } from '../../../../src/core/config.ts';
import { PauseError, UnitFailedError, UsageError } from '../../../../src/core/errors.ts';
import { createExtensionSource } from '../../../../src/sources/extension/extensionSource.ts';
import type { RemoteItem } from '../../../../src/sources/remote/remoteItem.ts';
import type { Source, SourceContext } from '../../../../src/sources/source.ts';
import {
  claim,
  errorOf,
  makeContext,
  never,
  pagesOf,
  stopWithinMs,
  within,
} from '../../../conformance/drive.ts';
import { pairWith } from '../../../fixtures/extensionPair.ts';

function make(
  openExtensionSource: SourceContext['openExtensionSource'],
  settings: object = {},
): Source<RemoteItem> {
  const { source } = collectionSchema.parse({
    name: 'test',
    source: { type: 'extension', id: 'some.one/shelf', ...settings },
  });
  assert.ok(source.type === 'extension');
  return createExtensionSource(source, makeContext({ openExtensionSource }));
}

const unit = claim({ key: 'one', lane: 'l', group: 'g', input: { input: {}, for: {} } }, 1);

const counting: SourceDefinition = {
  async *collect(_unit, { cursor, page }) {
    for (let n = Number(cursor ?? 0); n < 3; n++) yield page({ items: [n], cursor: n + 1 });
  },
};

test('outside of the editor there are no extensions', () => {
  assert.throws(
    () => make(undefined),
    (error) => error instanceof UsageError && error.code === 'EDITOR_ONLY',
  );
});

test('an extension that is not there pauses the session', async () => {
  const source = make(() =>
    Promise.reject(new PauseError('EXTENSION_MISSING', 'some.one is not installed.')),
  );
  const error = await errorOf(pagesOf(source, unit));
  assert.ok(error instanceof PauseError);
  assert.match(error.message, /some\.one is not installed/);
  await source.close();
});

test('a source that is taken back pauses the session; it goes on when it is there again', async () => {
  const { links, takeAway } = pairWith(counting);
  const source = make((id, signal) => links.open(id, signal));
  const pages = source.collect(unit, { signal: never() });
  const first = await pages.next();
  assert.ok(first.done !== true);
  takeAway('It was disabled.');
  const error = await within(stopWithinMs, 'the pause', errorOf(pages.next()));
  assert.ok(error instanceof PauseError, String(error));
  assert.equal(error.message, 'It was disabled.');
  const rest = await pagesOf(source, { ...unit, cursor: first.value.cursor });
  assert.deepEqual(
    rest.flatMap((page) => page.items.map(({ value }) => value)),
    [1, 2],
  );
  await source.close();
});

test('one that never answers fails the unit; nothing can end it, and nothing waits for it', async () => {
  const { links } = pairWith({
    collect: () => new Promise<never>(() => undefined),
  });
  const source = make((id, signal) => links.open(id, signal), { timeoutMs: 100 });
  const error = await within(5_000, 'the failure', errorOf(pagesOf(source, unit)));
  assert.ok(error instanceof UnitFailedError);
  assert.equal(error.code, 'SOURCE_STUCK');
  await within(1_000, 'close()', source.close());
});

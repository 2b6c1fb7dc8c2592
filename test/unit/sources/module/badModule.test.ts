import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { collectionSchema } from '../../../../src/core/config.ts';
import {
  CollectorError,
  PauseError,
  RetryError,
  ThrottledError,
  UnitFailedError,
  UnitSkippedError,
  UsageError,
} from '../../../../src/core/errors.ts';
import type { NewUnit } from '../../../../src/core/unit.ts';
import type { Logger } from '../../../../src/core/ports.ts';
import type { Page, Source, SourceContext } from '../../../../src/sources/source.ts';
import type { RemoteItem } from '../../../../src/sources/remote/remoteItem.ts';
import { createModuleSource } from '../../../../src/sources/module/moduleSource.ts';
import {
  claim,
  errorOf,
  makeContext,
  never,
  pagesOf,
  planAll,
  stopWithinMs,
  within,
} from '../../../conformance/drive.ts';
import { makeWorkspace } from '../../../fixtures/workspace.ts';

const head = `import { defineSource } from 'cf-collector/source';\n`;

interface Making {
  readonly settings?: object;
  readonly context?: Partial<SourceContext>;
}

/** A module source of this text, which begins at line 2 of source.mjs. */
async function moduleOf(
  t: TestContext,
  text: string,
  { settings = {}, context = {} }: Making = {},
): Promise<Source<RemoteItem>> {
  const root = await makeWorkspace(t);
  await writeFile(path.join(root, 'source.mjs'), head + text);
  const { source } = collectionSchema.parse({
    name: 'test',
    source: { type: 'module', module: 'source.mjs', ...settings },
  });
  assert.ok(source.type === 'module');
  const made = await createModuleSource(source, { ...makeContext(context), root });
  t.after(() => made.close());
  return made;
}

/** A module that does this in `collect`. */
function collecting(t: TestContext, body: string, making?: Making): Promise<Source<RemoteItem>> {
  return moduleOf(
    t,
    `export default defineSource({\n  async *collect(unit, tools) {\n    ${body}\n  },\n});\n`,
    making,
  );
}

async function collect(source: Source<RemoteItem>, key = 'one'): Promise<Page<RemoteItem>[]> {
  return pagesOf(source, claim(unitOf(key), 1));
}

function unitOf(key: string): NewUnit {
  return { key, lane: 'l', group: 'g', input: { input: {}, for: {} } };
}

/** As the engine does: a unit that is not to blame waits a little. */
async function collectPatiently(
  source: Source<RemoteItem>,
  key: string,
): Promise<Page<RemoteItem>[]> {
  try {
    return await collect(source, key);
  } catch (error) {
    if (!(error instanceof ThrottledError)) throw error;
    return collect(source, key);
  }
}

async function failure(source: Source<RemoteItem>, key?: string): Promise<CollectorError> {
  const error = await errorOf(collect(source, key));
  assert.ok(error instanceof CollectorError, String(error));
  return error;
}

function values(pages: readonly Page<RemoteItem>[]): unknown[] {
  return pages.flatMap((page) => page.items.map((item) => item.value));
}

test('a module that throws fails its unit, with the line', async (t) => {
  const source = await collecting(t, 'yield { id: 1 };\n    unit.key.missing.more;');
  const error = await failure(source);
  assert.ok(error instanceof UnitFailedError);
  assert.equal(
    error.message,
    "source.mjs:5:22: TypeError: Cannot read properties of undefined (reading 'more')",
  );
  assert.equal(error.data['place'], 'source.mjs:5:22');
  // What it gave before that is not lost.
  const pages: Page<RemoteItem>[] = [];
  const generator = source.collect(claim(unitOf('one'), 1), { signal: never() });
  const first = await generator.next();
  assert.ok(first.done !== true);
  pages.push(first.value);
  assert.deepEqual(values(pages), [{ id: 1 }]);
});

test('what is thrown on purpose says what happens next', async (t) => {
  const source = await collecting(
    t,
    `throw tools[unit.key](unit.key + '!', unit.key === 'notNow' ? 2500 : { afterMs: 70 });`,
  );
  const retry = await failure(source, 'retry');
  assert.ok(retry instanceof RetryError);
  assert.equal(retry.delayMs, 70);
  assert.equal(retry.message, 'retry!');
  const notNow = await failure(source, 'notNow');
  assert.ok(notNow instanceof ThrottledError);
  assert.equal(notNow.delayMs, 2500);
  assert.ok((await failure(source, 'skip')) instanceof UnitSkippedError);
  assert.ok((await failure(source, 'fail')) instanceof UnitFailedError);
  assert.ok((await failure(source, 'pause')) instanceof PauseError);
});

for (const [what, text, message] of [
  [
    'a syntax error',
    'const a = [;\n',
    /^source\.mjs can't be loaded\. source\.mjs:2:12: Unexpected token ';'$/,
  ],
  ['no default export', 'export const a = 1;\n', /no default export/],
  ['a default export that is no source', 'export default { collect: 1 };\n', /no source/],
  ['an import that is not there', `import './gone.mjs';\n`, /gone\.mjs/],
  ['an error while it is loaded', '\nnull.x;\n', /source\.mjs:3:6: TypeError/],
] as const) {
  test(`a module with ${what} is refused at once`, async (t) => {
    const error = await errorOf(moduleOf(t, text));
    assert.ok(error instanceof UsageError, String(error));
    assert.equal(error.code, 'MODULE_INVALID');
    assert.match(error.message, message);
  });
}

test('a module that is loaded for ever is refused after its time', async (t) => {
  for (const text of ['await new Promise(() => undefined);\n', 'for (;;);\n']) {
    const error = await within(
      8_000,
      'the refusal',
      errorOf(moduleOf(t, text, { settings: { timeoutMs: 300 } })),
    );
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, /gave nothing for 0\.3 s/);
  }
});

test('a unit that waits for ever is failed after its time, beside others that go on', async (t) => {
  const source = await collecting(
    t,
    `if (unit.key === 'stuck') await new Promise(() => undefined);
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield { i };
    }`,
    { settings: { timeoutMs: 2500 } },
  );
  const [stuck, pages] = await Promise.all([failure(source, 'stuck'), collect(source, 'well')]);
  assert.ok(stuck instanceof UnitFailedError);
  assert.equal(stuck.code, 'SOURCE_STUCK');
  assert.match(stuck.message, /^source\.mjs gave nothing for 2\.5 s \(source\.timeoutMs\)/);
  assert.equal(values(pages).length, 20);
});

test('a unit that hangs in a loop is failed; a new worker goes on with the others', async (t) => {
  const source = await collecting(
    t,
    `await new Promise((resolve) => setTimeout(resolve, 50));
    if (unit.key === 'loop') for (;;);
    yield { key: unit.key };`,
    { settings: { timeoutMs: 2500 } },
  );
  const keys = ['a', 'loop', 'b'];
  const first = await Promise.all(
    keys.map((key) =>
      collect(source, key).then(
        (pages) => pages,
        (error: unknown) => error,
      ),
    ),
  );
  // Who of them it was is not known: none of them loses a try, but the next one is by itself.
  const again = keys.filter((_key, i) => !Array.isArray(first[i]));
  assert.ok(again.includes('loop'));
  for (const one of first)
    assert.ok(Array.isArray(one) || one instanceof ThrottledError, String(one));
  const second = await Promise.all(
    again.map((key) =>
      collect(source, key).then(
        (pages) => pages,
        (error: unknown) => error,
      ),
    ),
  );
  for (const [i, key] of again.entries()) {
    const outcome = second[i];
    if (key === 'loop') {
      assert.ok(outcome instanceof UnitFailedError, String(outcome));
      assert.equal(outcome.code, 'SOURCE_HUNG');
    } else {
      assert.deepEqual(values(outcome as Page<RemoteItem>[]), [{ key }]);
    }
  }
  assert.deepEqual(values(await collect(source, 'after')), [{ key: 'after' }]);
});

test('a unit that ends its process, or throws where nobody catches, is failed and no other', async (t) => {
  const source = await collecting(
    t,
    `if (unit.key === 'exit') process.exit(3);
    if (unit.key === 'unseen') {
      Promise.reject(new Error('not awaited'));
      await new Promise((resolve) => setTimeout(resolve, 5000));
    }
    yield 1;`,
  );
  const exit = await failure(source, 'exit');
  assert.ok(exit instanceof UnitFailedError);
  assert.match(exit.message, /ended its worker itself, with exit code 3/);
  const unseen = await failure(source, 'unseen');
  assert.ok(unseen instanceof UnitFailedError);
  assert.match(unseen.message, /^source\.mjs:6:22: not awaited/);
  assert.deepEqual(values(await collect(source)), [1]);
});

test('a unit that takes all memory is failed, and only the worker dies of it', async (t) => {
  const source = await collecting(
    t,
    `const all = [];
    if (unit.key === 'greedy') for (;;) all.push(new Array(10000).fill(unit.key + all.length));
    yield 1;`,
    { settings: { maxMemoryMb: 32 } },
  );
  const error = await failure(source, 'greedy');
  assert.ok(error instanceof UnitFailedError);
  assert.equal(error.code, 'SOURCE_OUT_OF_MEMORY');
  assert.match(error.message, /32 MB of source\.maxMemoryMb/);
  assert.deepEqual(values(await collect(source)), [1]);
});

test('a flood of items waits until each page is durable', async (t) => {
  const source = await collecting(t, `for (let i = 0; ; i++) { globalThis.made = i; yield i; }`);
  const generator = source.collect(claim(unitOf('one'), 1), { signal: never() });
  let taken = 0;
  for (let i = 0; i < 5; i++) {
    const step = await generator.next();
    assert.ok(step.done !== true);
    taken += step.value.items.length;
  }
  assert.equal(taken, 5);
  // Nothing is made ahead: another unit looks at how far the first one is.
  const probe = await collecting(t, `yield globalThis.made ?? null;`);
  assert.deepEqual(values(await collect(probe)), [null], 'each module has a worker of its own');
  await generator.return();
});

test('an item or a page that is too large fails the unit', async (t) => {
  const source = await collecting(
    t,
    `const item = 'x'.repeat(unit.key === 'item' ? 33 * 1024 * 1024 : 1024 * 1024);
    if (unit.key === 'page') yield Array.from({ length: 40 }, () => item);
    else if (unit.key === 'singles') for (let i = 0; i < 40; i++) yield item;
    else yield item;`,
  );
  for (const key of ['item', 'page']) {
    const error = await failure(source, key);
    assert.equal(error.code, 'SOURCE_PAGE_TOO_LARGE');
    assert.match(error.message, /32 MB/);
  }
  assert.equal(values(await collect(source, 'singles')).length, 40);
});

test('what JSON can’t hold is told with its place in the item', async (t) => {
  const source = await collecting(
    t,
    `const circle = {}; circle.self = [circle];
    const odd = {
      date: new Date(0), big: 1n, nan: NaN, map: new Map(), promise: Promise.resolve(), circle,
      f() {}, bytes: new Uint8Array(1),
    };
    yield { list: [{ [unit.key]: odd[unit.key] }], left: undefined };`,
  );
  const expected = {
    date: 'item.list[0].date is a Date: use .toISOString().',
    big: 'item.list[0].big is a BigInt: JSON has none, use String(…).',
    nan: 'item.list[0].nan is NaN: JSON has no such number, use null.',
    map: 'item.list[0].map is a Map: use Object.fromEntries(…).',
    promise: 'item.list[0].promise is a promise: an "await" is missing.',
    circle: 'item.list[0].circle.self[0] holds itself: JSON has no circles.',
    f: 'item.list[0].f is a function.',
    bytes: 'item.list[0].bytes is binary data: JSON has none.',
  };
  for (const [key, message] of Object.entries(expected)) {
    const error = await failure(source, key);
    assert.ok(error instanceof UnitFailedError);
    assert.equal(error.message, message);
  }
  assert.deepEqual(values(await collect(source, 'nothing')), [{ list: [{}] }]);
});

test('what collect gives has to be a list, and a page has to have its form', async (t) => {
  const plain = await moduleOf(t, 'export default defineSource({ collect() {} });');
  assert.match((await failure(plain)).message, /collect gave nothing and no list/);
  const source = await collecting(
    t,
    `const wrong = { itms: [], items: { a: 1 }, end: '', url: 'nowhere', units: [{ id: 3 }] };
    yield tools.page({ [unit.key]: wrong[unit.key] });`,
  );
  assert.match((await failure(source, 'itms')).message, /has no "itms"; there are items, cursor/);
  assert.match((await failure(source, 'items')).message, /needs a list of items/);
  assert.match((await failure(source, 'end')).message, /needs words for its end/);
  assert.match((await failure(source, 'url')).message, /needs a whole URL/);
  assert.match((await failure(source, 'units')).message, /this one is { id }/);
});

test('a unit that does not look at its signal is left within a second, and its worker ended', async (t) => {
  const source = await collecting(
    t,
    `if (unit.key === 'deaf') { yield 1; await new Promise((r) => setTimeout(r, 60000)); }
    if (unit.key === 'busy') { yield 1; const end = Date.now() + 60000; while (Date.now() < end); }
    yield 2;`,
  );
  for (const key of ['deaf', 'busy']) {
    const stop = new AbortController();
    const generator = source.collect(claim(unitOf(key), 1), { signal: stop.signal });
    await generator.next();
    const next = errorOf(generator.next());
    next.catch(() => undefined);
    const reason = new Error('stopped');
    setImmediate(() => {
      stop.abort(reason);
    });
    assert.equal(await within(stopWithinMs, 'stopping', next), reason);
    // A pause: the source is used again afterwards.
    assert.deepEqual(
      values(await within(5_000, 'the next unit', collectPatiently(source, `after ${key}`))),
      [2],
    );
  }
  const busy = collect(source, 'busy');
  busy.catch(() => undefined);
  await within(1_500, 'close()', source.close());
  assert.equal(((await errorOf(busy)) as CollectorError).code, 'SOURCE_CLOSED');
});

test('plan: what it throws pauses the session; what can pass is tried again', async (t) => {
  const bad = await moduleOf(
    t,
    'export default defineSource({\n  *plan() { yield "a"; null.x; },\n  collect: () => [],\n});',
  );
  const error = await errorOf(planAll(bad));
  assert.ok(error instanceof PauseError, String(error));
  assert.match(error.message, /^source\.mjs could not plan its units: source\.mjs:3:29: TypeError/);
  const later = await moduleOf(
    t,
    `let tries = 0;
export default defineSource({
  *plan({ retry }) { yield 'a'; if (++tries < 3) throw retry('soon'); yield 'b'; },
  collect: () => [],
});`,
  );
  // Units that come twice are dropped by their key.
  assert.deepEqual([...new Set((await planAll(later)).map((unit) => unit.key))], ['a', 'b']);
});

test('without a plan there is a unit for every combination of for, or one', async (t) => {
  const text = `export default defineSource({ collect: (unit) => [unit.for] });`;
  const alone = await moduleOf(t, text);
  assert.deepEqual(
    (await planAll(alone)).map(({ key, group, lane }) => ({ key, group, lane })),
    [{ key: 'source.mjs', group: 'source.mjs', lane: 'source.mjs' }],
  );
  const making = { settings: { for: { venue: ['a', 'b'], year: [1, 2] } } };
  const combined = await moduleOf(t, text, making);
  const units = await planAll(combined);
  assert.deepEqual(
    units.map(({ group }) => group),
    ['a_1', 'a_2', 'b_1', 'b_2'],
  );
  assert.deepEqual(values(await pagesOf(combined, claim(units[1]!, 1))), [{ venue: 'a', year: 2 }]);
  const planned = await moduleOf(
    t,
    `export default defineSource({
  async *plan({ for: all }) { for await (const { venue, year } of all) yield venue + year; },
  collect: () => [],
});`,
    making,
  );
  assert.deepEqual(
    (await planAll(planned)).map(({ key }) => key),
    ['a1', 'a2', 'b1', 'b2'],
  );
});

test('map: what it throws is the item’s own affair', async (t) => {
  const source = await moduleOf(
    t,
    `export default defineSource({
  collect: () => [1, 2, 3].map((id) => ({ id })),
  map({ id }) { if (id === 2) throw new Error('no twos'); if (id === 3) return undefined; return { id }; },
});`,
  );
  const items = (await collect(source)).flatMap((page) => page.items);
  const unit = claim(unitOf('one'), 1);
  assert.deepEqual(await source.map(items[0]!, unit), { id: 1 });
  assert.throws(() => source.map(items[1]!, unit), /source\.mjs:4:37: no twos/);
  assert.throws(() => source.map(items[2]!, unit), /record is undefined: use null/);
  // The same from the raw file.
  const again = source.fromRaw(source.toRaw(items[1]!), unit);
  await assert.rejects(async () => source.map(again, unit), /source\.mjs:4:37: no twos/);
});

test('secrets come by their names, and are in no error and no log', async (t) => {
  const lines: string[] = [];
  const write = (fields: unknown, message: string): void => {
    lines.push(JSON.stringify(fields) + message);
  };
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const secrets = {
    get: (name: string) => Promise.resolve(name === 'GONE' ? undefined : `hush-${name}`),
  };
  const source = await collecting(
    t,
    `const { options, log, secret } = tools;
    if (unit.key === 'gone') await secret('GONE');
    const token = await secret('TOKEN');
    log.info('with ' + token, { header: options.header, deep: { token } });
    if (unit.key === 'throws') throw new Error('not with ' + token + options.header);
    yield { isThere: token === 'hush-TOKEN' && options.header === 'Bearer hush-OPTION' };`,
    { settings: { options: { header: 'Bearer ${secret:OPTION}' } }, context: { secrets, logger } },
  );
  assert.deepEqual(values(await collect(source)), [{ isThere: true }]);
  const error = await failure(source, 'throws');
  assert.match(error.message, /not with \$\{secret:TOKEN\}Bearer \$\{secret:OPTION\}/);
  const gone = await failure(source, 'gone');
  assert.ok(gone instanceof PauseError);
  assert.equal(gone.code, 'SECRET_MISSING');
  assert.match(lines.join('\n'), /with \$\{secret:TOKEN\}/);
  assert.doesNotMatch(lines.join('\n'), /hush/);
});

test('a flood of log lines is held back, and what is printed is logged', async (t) => {
  const lines: string[] = [];
  const write = (_fields: unknown, message: string): void => {
    lines.push(message);
  };
  const logger: Logger = { debug: write, info: write, warn: write, error: write };
  const source = await collecting(
    t,
    `for (let i = 0; i < 100_000; i++) tools.log.info('line ' + i);
    console.log('printed');
    yield 1;`,
    { context: { logger } },
  );
  await collect(source);
  await source.close();
  assert.ok(lines.length > 10 && lines.length < 5_000, `${lines.length} lines`);
  assert.ok(lines.includes('printed'));
});

test('a module that has changed since its units were planned is told of, once', async (t) => {
  const lines: string[] = [];
  const warn = (_fields: unknown, message: string): void => {
    lines.push(message);
  };
  const logger: Logger = { debug: warn, info: warn, warn, error: warn };
  const text = 'export default defineSource({ collect: () => [1] });';
  const units = await planAll(await moduleOf(t, text));
  const same = await moduleOf(t, text, { context: { logger } });
  await pagesOf(same, claim(units[0]!, 1));
  assert.deepEqual(lines, []);
  const changed = await moduleOf(t, `${text} // more`, { context: { logger } });
  assert.deepEqual(values(await pagesOf(changed, claim(units[0]!, 1))), [1]);
  await pagesOf(changed, claim(units[0]!, 1));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /source\.mjs has changed since/);
});

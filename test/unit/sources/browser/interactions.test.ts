import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { RetryError } from '../../../../src/core/errors.ts';
import { lookPlan } from '../../../../src/sources/browser/interactions.ts';
import { claim, errorOf, never, pagesOf, planAll } from '../../../conformance/drive.ts';
import { flapping, html, send } from '../../../fixtures/answers.ts';
import { FaultyServer } from '../../../fixtures/faultyServer.ts';
import { withWorkspace } from '../../../fixtures/workspace.ts';
import { browserConfig, KeptLog, openBrowser, visitFirst } from './browserBench.ts';

let server: FaultyServer;
before(async () => {
  server = await FaultyServer.start();
});
after(() => server.close());

/** A page with a script. */
function page(body: string, script = ''): ReturnType<typeof html> {
  return html(`<!doctype html><title>t</title>${body}<script>${script}</script>`);
}

const rows = { items: 'li', fields: { name: 'b' } };

test('each interaction is tried twice and has its line; one that fails does not end the page', async (t) => {
  server.route('/work', page('<a id="shy" href="/flaky">on</a>'));
  // Where it leads is out of order at the first try.
  server.route('/flaky', flapping(1, send(503, 'down'), page('<ul><li><b>from shy</b></li></ul>')));
  const { records, log } = await visitFirst(t, {
    start: [server.url('/work')],
    ...rows,
    interactions: [
      { type: 'click', selector: '#shy' },
      { type: 'hover', selector: '#nobody', timeoutMs: 50 },
      { type: 'key', value: 'Escape' },
    ],
  });
  assert.deepEqual(records, [{ name: 'from shy' }]);

  assert.deepEqual(
    log.interactions.map(({ level, fields }) => ({
      level,
      n: fields['n'],
      of: fields['of'],
      kind: fields['kind'],
      selector: fields['selector'],
      attempts: fields['attempts'],
      outcome: fields['outcome'],
    })),
    [
      {
        level: 'info',
        n: 1,
        of: 3,
        kind: 'click',
        selector: '#shy',
        attempts: 2,
        outcome: 'succeeded',
      },
      {
        level: 'warn',
        n: 2,
        of: 3,
        kind: 'hover',
        selector: '#nobody',
        attempts: 2,
        outcome: 'failed',
      },
      {
        level: 'info',
        n: 3,
        of: 3,
        kind: 'key',
        selector: undefined,
        attempts: 1,
        outcome: 'succeeded',
      },
    ],
  );
  for (const { fields } of log.interactions) {
    assert.equal(fields['page'], server.url('/flaky'));
    assert.equal(typeof fields['ms'], 'number');
  }
  assert.match(String(log.interactions[1]?.fields['error']), /Timeout 50ms/);
  const first = log.lines.findIndex(({ message }) => message === 'Starting 3 interactions');
  const last = log.lines.findIndex(
    ({ message }) => message === 'Interactions complete: 2 succeeded, 1 failed',
  );
  assert.ok(first !== -1 && last > first);
});

test('with onInteractionFailure "fail" the page is tried again as a whole', async (t) => {
  server.route('/fail', page('<ul><li><b>one</b></li></ul>'));
  const log = new KeptLog();
  const source = openBrowser(
    t,
    {
      start: [server.url('/fail')],
      ...rows,
      onInteractionFailure: 'fail',
      interactions: [
        { type: 'click', selector: '#missing', timeoutMs: 50 },
        { type: 'key', value: 'Escape' },
      ],
    },
    { logger: log },
  );
  const [unit] = await planAll(source);
  assert.ok(unit !== undefined);
  const error = await errorOf(pagesOf(source, claim(unit, 1)));
  assert.ok(error instanceof RetryError, String(error));
  assert.equal(error.code, 'INTERACTION_FAILED');
  assert.match(error.message, /^Interaction 1 of 2 \(click #missing\) failed on http/);
  assert.equal(log.interactions.length, 1, 'nothing more is done on the page');
});

test('items come as the page grows, before its end; equal ones as often as they are there at once', async (t) => {
  server.route(
    '/more',
    page(
      '<ul><li><b>a</b></li><li><b>a</b></li></ul><button id="more">more</button>',
      `let n = 0;
       more.onclick = () => {
         n += 1;
         // The list keeps two rows, as those do that drop what is out of sight.
         document.querySelector('ul').innerHTML = '<li><b>' + n + '</b></li><li class="x' + n + '"><b>a</b></li>';
         if (n === 3) more.remove();
       };`,
    ),
  );
  const source = openBrowser(t, {
    start: [server.url('/more')],
    ...rows,
    interactions: [
      { type: 'repeat', interactions: [{ type: 'click', selector: '#more' }], settleMs: 100 },
    ],
  });
  const [planned] = await planAll(source);
  assert.ok(planned !== undefined);
  const unit = claim(planned, 1);
  const seen: string[][] = [];
  for await (const { items, end } of source.collect(unit, { signal: never() })) {
    const names = await Promise.all(
      items.map(async (item) => (await source.map(item, unit))['name']),
    );
    seen.push([...names.map(String), ...(end === undefined ? [] : [end.by])]);
  }
  assert.deepEqual(seen, [['a', 'a'], ['1'], ['2'], ['3'], ['one page']]);
});

test('a form is filled in with a secret, which is in no line; items from before it are not taken', async (t) => {
  server.route(
    '/form',
    page(
      '<ul><li><b>offer</b></li></ul><form><input id="word"><select id="kind"><option>x<option value="y">Why</select></form>',
      `document.forms[0].onsubmit = (event) => {
         event.preventDefault();
         document.querySelector('ul').innerHTML = '<li><b>' + word.value.length + kind.value + '</b></li>';
       };`,
    ),
  );
  const { records, log } = await visitFirst(
    t,
    {
      start: [server.url('/form')],
      ...rows,
      interactions: [
        { type: 'select', selector: '#kind', value: 'Why' },
        { type: 'fill', selector: '#word', value: '${secret:WORD}' },
        { type: 'press', selector: '#word', value: 'Enter' },
      ],
    },
    { secrets: { get: () => Promise.resolve('hush-hush') } },
  );
  assert.deepEqual(records, [{ name: '9y' }]);
  assert.equal(log.interactions.length, 3);
  assert.ok(!JSON.stringify(log.lines).includes('hush-hush'));
});

test('repeating and scrolling are bounded, and say so', async (t) => {
  server.route(
    '/endless',
    page(
      '<ul></ul><button id="more">more</button><div id="box" style="height:100px;overflow:auto"><div id="tall" style="height:300px"></div></div>',
      `let n = 0;
       more.onclick = () => document.querySelector('ul').insertAdjacentHTML('beforeend', '<li><b>' + ++n + '</b></li>');
       box.onscroll = () => { tall.style.height = tall.offsetHeight + 100 + 'px'; };`,
    ),
  );
  const { records, log } = await visitFirst(t, {
    start: [server.url('/endless')],
    ...rows,
    interactions: [
      { type: 'repeat', interactions: [{ type: 'click', selector: '#more' }], max: 3 },
      { type: 'scroll', inside: '#box', until: 'nothingNew', max: 4 },
      {
        type: 'repeat',
        interactions: [{ type: 'click', selector: '#more' }],
        until: { visible: 'li:nth-child(5)' },
      },
      {
        type: 'repeat',
        interactions: [{ type: 'key', value: 'End' }],
        until: 'nothingNew',
        settleMs: 50,
      },
    ],
  });
  assert.equal(records.length, 5);
  assert.equal(log.with('stopped after 3 rounds').length, 1);
  assert.equal(log.with('stopped after 4 rounds').length, 1);
  const ends = log.interactions
    .filter(({ fields }) => fields['kind'] === 'repeat')
    .map(({ fields }) => [fields['rounds'], fields['ended']]);
  assert.deepEqual(ends, [
    [3, undefined],
    [2, 'li:nth-child(5) can be seen'],
    [1, 'nothing new'],
  ]);
});

test('waiting: for an element, for its end, for the network; screenshots are files', async (t) => {
  server.route('/slow.json', async (_request, response) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    response.end('{}');
  });
  server.route(
    '/wait',
    page(
      '<p id="busy">busy</p><ul></ul>',
      `setTimeout(() => busy.remove(), 200);
       fetch('/slow.json').then(() => document.querySelector('ul').innerHTML = '<li><b>late</b></li>');`,
    ),
  );
  await withWorkspace(async (root) => {
    const { records, log } = await visitFirst(
      t,
      {
        start: [server.url('/wait')],
        ...rows,
        interactions: [
          { type: 'wait', gone: '#busy' },
          { type: 'wait', until: 'networkIdle' },
          { type: 'wait', durationMs: 1 },
          { type: 'wait', selector: '#never', timeoutMs: 50 },
          { type: 'screenshot', fullPage: true },
        ],
      },
      { root },
    );
    assert.deepEqual(records, [{ name: 'late' }]);
    assert.deepEqual(
      log.interactions.map(({ fields }) => fields['outcome']),
      ['succeeded', 'succeeded', 'succeeded', 'failed', 'succeeded'],
    );
    const file = String(log.interactions.at(-1)?.fields['file']);
    assert.match(file, /^data\/screenshots\/127\.0\.0\.1_\d+_wait_\d{8}_\d{6}\.png$/);
    const picture = await readFile(path.join(root, file));
    assert.equal(picture.subarray(1, 4).toString(), 'PNG');
  });
});

test('items are taken after each interaction, unless a wait follows or a form is filled in', () => {
  const plan = (...interactions: object[]): unknown =>
    lookPlan(browserConfig({ start: ['http://a.test/'], interactions }).interactions);
  const click = { type: 'click', selector: 'a' };
  assert.deepEqual(plan(click, click), { atStart: true, after: [true, true] });
  assert.deepEqual(plan(click, { type: 'wait' }, { type: 'screenshot' }), {
    atStart: true,
    after: [false, true, false],
  });
  assert.deepEqual(plan({ type: 'wait' }, click), { atStart: false, after: [true, true] });
  assert.deepEqual(plan(click, { type: 'fill', selector: 'b', value: '' }, click), {
    atStart: false,
    after: [false, false, true],
  });
  assert.deepEqual(plan({ ...click, collect: false }, { ...click, collect: true }), {
    atStart: false,
    after: [false, true],
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../src/core/errors.ts';
import { Jobs } from '../../../src/worker/jobs.ts';
import { pickerHandlers } from '../../../src/worker/pickerHandlers.ts';
import { hang, html, json, send } from '../../fixtures/answers.ts';
import { http as plain } from '../../fixtures/workerSessions.ts';
import { failure, serve } from '../sources/http/httpBench.ts';

const host = { emit: () => undefined, secret: () => Promise.resolve(undefined) };
const http = { ...plain, systemCertificates: false };

test('pages are kept until they are closed, and the oldest goes when there are too many', async (t) => {
  const server = await serve(t, {
    '/robots.txt': send(404),
    '/': html('<title>Shop</title><ul><li><b>a</b></li><li><b>c</b></li></ul>'),
    '/slow': hang(),
    '/api': json({ things: [{ id: 1 }, { id: 2 }] }, { link: '</api?p=2>; rel="next"' }),
  });
  const jobs = new Jobs(host);
  const picker = pickerHandlers(jobs, host);
  const text = JSON.stringify({
    name: 'x',
    source: { type: 'html', start: [server.url()], fields: {} },
  });
  const open = (url: string | null = null, job = 'a') =>
    picker.openPage({ job, workspace: '/w', file: '/w/x.collect.json', text, url, http });

  const first = await open();
  assert.deepEqual([first.status, first.title, first.snapshot.elements], [200, 'Shop', 6]);
  const { page } = first;
  const items = await picker.proposeItems({ page, elements: [3] });
  assert.deepEqual(items.choices[0], { selector: 'li', matches: 2 });
  const field = await picker.proposeField({ page, element: 3, items: 'li', taken: ['field'] });
  assert.equal(field.choices[0]?.itemsWith, 2);
  const trial = await picker.tryField({ page, field: 'b', items: 'li' });
  assert.deepEqual(trial.values, ['"a"', '"c"']);
  const collection = { items: 'li', fields: { b: 'b' }, key: null };
  assert.equal((await picker.studyPage({ page, collection })).keySuggestion, 'b');
  const noElement = picker.proposeField({ page, element: 999, items: null, taken: [] });
  await failure(noElement, UsageError, 'ELEMENT_UNKNOWN');

  await picker.closePage({ page });
  await failure(picker.tryField({ page, field: 'b', items: null }), UsageError, 'PAGE_GONE');
  const opened = [await open(), await open(), await open(), await open(), await open()];
  const [oldest, ...others] = opened.map((one) => one.page);
  await failure(
    picker.tryField({ page: oldest!, field: 'b', items: null }),
    UsageError,
    'PAGE_GONE',
  );
  for (const one of others) {
    assert.equal((await picker.tryField({ page: one, field: 'b', items: null })).matches, 2);
  }

  const slow = open(server.url('/slow'), 'slow');
  await server.untilRequests(1, '/slow');
  jobs.cancel('slow');
  await assert.rejects(slow, { name: 'AbortError' });

  const ask = { job: 'c', workspace: '/w', http };
  const api = await picker.lookAt({ ...ask, as: 'rest', url: server.url('/api') });
  assert.deepEqual([api.items, api.count, api.paginate], ['things', 2, { type: 'link' }]);
  const look = await picker.lookAt({ ...ask, as: 'html', url: server.url() });
  assert.equal(look.title, 'Shop');
  await assert.rejects(picker.lookAt({ ...ask, as: 'rest', url: server.url() }));
});

// The pages of all sessions and of one, as built, in a browser of their own: what a real VS Code shows only by bad luck.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright';
import { launchBrowser } from '../../.ci/browser.ts';
import { dashboardStrings } from '../../src/host/dashboard/dashboardStrings.ts';
import { overviewStrings } from '../../src/host/dashboard/overviewStrings.ts';
import type {
  DashboardEvents,
  DashboardModel,
  DashboardRequests,
} from '../../src/protocol/dashboard.ts';
import type { Handlers } from '../../src/protocol/rpc.ts';
import type { OverviewEvents, OverviewRequests } from '../../src/protocol/overview.ts';
import { dashboardModels, sampleFailures, samplePast } from '../fixtures/dashboardModels.ts';
import { overviewModels } from '../fixtures/overviewModels.ts';
import { PageLab } from '../fixtures/pageLab.ts';
import { accessibilityProblems } from './themes.ts';

const nowMs = Date.parse('2026-11-21T16:21:10.000Z');
const ref = { workspace: '/home/me/space', session: 'books_20261121_161500_ab12' };

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** A dashboard and everything it has asked for. */
async function openDashboard(
  model: DashboardModel,
  options: { readonly width?: number; readonly kept?: unknown } = {},
) {
  const asked: string[] = [];
  const ask = (name: string) => async (params: unknown) => {
    asked.push(params === null ? name : `${name} ${JSON.stringify(params)}`);
    return null;
  };
  const buttons = [
    'pause',
    'resume',
    'raiseAndResume',
    'stop',
    'openMaster',
    'openRecords',
    'openLog',
    'openCollection',
    'validate',
    'showRecoveryPlan',
    'retryFailed',
    'resumeFromCheckpoint',
  ] as const;
  const handlers = {
    ...Object.fromEntries(buttons.map((name) => [name, ask(name)])),
    ready: async () => ({ model, strings: dashboardStrings(), locale: 'en-US', ref, nowMs }),
    readPast: async () => samplePast,
    readFailures: async () => sampleFailures,
  } as unknown as Handlers<DashboardRequests>;
  const lab = await PageLab.open<DashboardRequests, DashboardEvents>(browser, {
    page: 'dashboard',
    handlers,
    ...options,
  });
  await lab.drawn();
  return { lab, page: lab.page, asked };
}

test('in every state a dashboard is text, fits a narrow column, and breaks no rule of its policy', async () => {
  const { lab, page } = await openDashboard(dashboardModels.running, { width: 400 });
  for (const [state, model] of Object.entries(dashboardModels)) {
    lab.emit('model', model);
    await lab.drawn();
    assert.equal(await page.locator('main :is(script, img, iframe, object)').count(), 0, state);
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.equal(overflow, 0, `${state} is wider than the page`);
    const huge = await page.evaluate<number>('document.body.textContent.length');
    assert.ok(huge < 60_000, `${state}: ${huge} characters`);
    // Nothing of a stranger's turns the text around it or speaks to a terminal.
    const unseen = await page.evaluate<number>(
      String.raw`(document.body.textContent.match(/[\u001b\u202a-\u202e\u2066-\u2069]/g) ?? []).length`,
    );
    assert.equal(unseen, 0, state);
  }
  assert.deepEqual(lab.complaints, []);
  await lab.close();
});

test('axe finds nothing serious in a dashboard, at work, at rest and on the page of all sessions', async () => {
  for (const model of [dashboardModels.running, dashboardModels.stopped, dashboardModels.budget]) {
    const { lab, page } = await openDashboard(model);
    assert.deepEqual(await problemsOf(page), []);
    await lab.close();
  }
  for (const model of Object.values(overviewModels)) {
    const { lab } = await openOverview(model);
    assert.deepEqual(await problemsOf(lab.page), []);
    await lab.close();
  }
});

/** Without a theme's colours here, those are looked at in the real editor. */
async function problemsOf(page: Page): Promise<string[]> {
  const problems = await accessibilityProblems(page.mainFrame());
  return problems.filter((problem) => !problem.startsWith('color-contrast'));
}

test('failed units are tried again: all of them, or those of one group', async () => {
  const { lab, page, asked } = await openDashboard(dashboardModels.completedWithFailures);
  await page.getByText('Retry All Failed').click();
  await page.getByRole('button', { name: 'Retry the units that failed with HTTP_404' }).click();
  await lab.drawn();
  assert.deepEqual(asked, ['retryFailed {"units":null}', 'retryFailed {"units":[77]}']);
  await lab.close();
});

test('a checkpoint is gone back to from the timeline: a valid one, of a session at rest', async () => {
  const { lab, page, asked } = await openDashboard(dashboardModels.running);
  const buttons = page.getByRole('button', { name: /^Resume from Here/ });
  await page.getByText('Checkpoint: periodic').waitFor();
  assert.equal(await buttons.count(), 0);
  lab.emit('model', dashboardModels.stopped);
  await buttons.first().waitFor();
  assert.equal(await buttons.count(), 2);
  await buttons.last().click();
  await lab.drawn();
  assert.deepEqual(asked, ['resumeFromCheckpoint {"checkpoint":"c1"}']);
  await lab.close();
});

test('the newest records stand still while they are read', async () => {
  const { running } = dashboardModels;
  const { lab, page } = await openDashboard(running);
  const first = page.locator('.newest-list li code').first();
  await first.waitFor();
  const before = await first.innerText();
  await page.locator('.newest-list').focus();
  const [template] = running.snapshot.live.newest;
  assert.ok(template);
  const newest = [{ ...template, id: template.id + 3, text: '{"title":"newer"}' }];
  lab.emit('delta', { view: {}, live: { newest } });
  await page.getByText('Standing still while you read: 3 more have come in.').waitFor();
  assert.equal(await first.innerText(), before);
  await page.locator('.newest-list').blur();
  await page.getByText('{"title":"newer"}').waitFor();
  await lab.close();
});

test('a chart is walked through by keyboard, and tells each moment’s values', async () => {
  const { lab, page } = await openDashboard(dashboardModels.running);
  const chart = page.getByRole('slider', { name: 'Rate' });
  await chart.focus();
  const told = () => chart.getAttribute('aria-valuetext');
  const newest = await told();
  await page.keyboard.press('ArrowLeft');
  const before = await told();
  assert.notEqual(before, newest);
  assert.match(before ?? '', /, Records per second \d+, Units per second \d+$/);
  await page.keyboard.press('Home');
  assert.equal(await chart.getAttribute('aria-valuenow'), '0');
  await page.keyboard.press('End');
  assert.equal(await told(), newest);
  await lab.close();
});

test('what a person has arranged comes back with the page, whatever another version has kept', async () => {
  const { lab, page } = await openDashboard(dashboardModels.running);
  await page.locator('.hosts summary').click();
  await page.getByRole('button', { name: 'Whole Session' }).click();
  await page.getByText('1,234 records, 120 units done, 2 failed').waitFor();
  const kept = lab.kept.at(-1);
  assert.deepEqual(kept, { version: 2, ref, folded: ['hosts'], charts: 'whole' });
  await lab.close();
  const again = await openDashboard(dashboardModels.running, { kept });
  assert.equal(await again.page.locator('.hosts details').getAttribute('open'), null);
  await again.page.getByText('1,234 records, 120 units done, 2 failed').waitFor();
  await again.lab.close();
  const old = await openDashboard(dashboardModels.running, { kept: { version: 1, folded: 7 } });
  assert.equal(await old.page.locator('details[open]').count(), 7);
  await old.lab.close();
});

test('a session whose state is removed leaves a word instead of figures', async () => {
  const { lab, page } = await openDashboard(dashboardModels.stopped);
  lab.emit('gone', null);
  await page.getByText('Nothing is kept of this session any more').waitFor();
  assert.equal(await page.locator('main').count(), 0);
  await lab.close();
});

async function openOverview(model: OverviewEvents['model'], width = 1200) {
  const asked: string[] = [];
  const ask = (name: string) => async (params: { session: { session: string } } | null) => {
    asked.push(params === null ? name : `${name} ${params.session.session}`);
    return null;
  };
  const lab = await PageLab.open<OverviewRequests, OverviewEvents>(browser, {
    page: 'overview',
    width,
    handlers: {
      ready: async () => ({ model, strings: overviewStrings(), locale: 'en-US', nowMs }),
      open: ask('open'),
      pause: ask('pause'),
      resume: ask('resume'),
      stop: ask('stop'),
      newCollection: ask('newCollection'),
      openSample: ask('openSample'),
    },
  });
  await lab.drawn();
  return { lab, page: lab.page, asked };
}

test('the page of all sessions: figures follow, a row opens its dashboard, buttons ask for their session', async () => {
  const model = overviewModels.several;
  const { lab, page, asked } = await openOverview(model);
  const [row] = model.rows;
  assert.ok(row);
  const first = page.locator('.sessions tbody tr').first();
  assert.match(await first.innerText(), /Running[\s\S]*1,234[\s\S]*57\.3\/s[\s\S]*66%/);
  lab.emit('rows', [{ ...row, records: 2001 }]);
  await first.getByText('2,001').waitFor();
  await first.getByRole('button', { name: 'Pause books' }).click();
  await first.locator('.cell-records').click();
  await first.getByRole('link').focus();
  await page.keyboard.press('Enter');
  await lab.drawn();
  const { session } = row.ref;
  assert.deepEqual(asked, [`pause ${session}`, `open ${session}`, `open ${session}`]);
  assert.equal(await page.locator('main :is(script, img)').count(), 0);
  assert.deepEqual(lab.complaints, []);
  await lab.close();
});

test('without sessions the page of all sessions offers the two ways to get one', async () => {
  const { lab, page, asked } = await openOverview(overviewModels.none, 400);
  await page.getByText('New Collection').click();
  await page.getByText('Open Sample Collection').click();
  await lab.drawn();
  assert.deepEqual(asked, ['newCollection', 'openSample']);
  lab.emit('model', overviewModels.problem);
  await page.getByText('exit code 1').waitFor();
  assert.equal(await page.getByText('New Collection').isVisible(), false);
  await lab.close();
});

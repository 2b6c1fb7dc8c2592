import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import { dashboardStrings } from '../../../../src/host/dashboard/dashboardStrings.ts';
import type { DashboardModel } from '../../../../src/protocol/dashboard.ts';
import { adviceFor, adviceText, offeredActions } from '../../../../webview/dashboard/advice.ts';
import { createWords } from '../../../../webview/shared/words.ts';
import { dashboardModels } from '../../../fixtures/dashboardModels.ts';
import { makeSnapshot } from '../../../fixtures/views.ts';

const words = createWords(dashboardStrings(), formatsFor('en-US'));

function say(model: DashboardModel): string {
  const advice = adviceFor(model);
  return advice === null ? '' : adviceText(words, advice, model);
}

test('a run that goes well needs no advice', () => {
  assert.equal(adviceFor(dashboardModels.running), null);
});

test('every other state says what it means', () => {
  const others = Object.entries(dashboardModels).filter(([name]) => name !== 'running');
  const texts = others.map(([name, model]) => [name, say(model)] as const);
  for (const [name, text] of texts) {
    assert.notEqual(text, '', name);
    assert.doesNotMatch(text, /\{\d\}/, name);
  }
  assert.equal(new Set(texts.map(([, text]) => text)).size, texts.length);
});

test('the journal’s own reason comes first', () => {
  assert.match(say(dashboardModels.diskFull), /^The disk that holds data\/raw is full .*Resume/);
});

test('completed: failures, an empty result and a reached target are told apart', () => {
  const units = { pending: 0, in_progress: 0, done: 3, failed: 0, skipped: 0, blocked: 0 };
  const model = (view: object): DashboardModel => {
    return { holder: null, snapshot: makeSnapshot({ state: 'completed', units, ...view }) };
  };
  assert.equal(adviceFor(model({}))?.key, 'completed');
  assert.equal(adviceFor(model({ records: 0 }))?.key, 'completedEmpty');
  assert.equal(adviceFor(model({ reason: 'target' }))?.key, 'completedTarget');
  const failed = model({ units: { ...units, failed: 2 } });
  assert.equal(adviceFor(failed)?.key, 'completedWithFailures');
  assert.match(say(failed), /2 failed/);
});

test('only what this window can do is offered', () => {
  const offered = (model: DashboardModel) => [...offeredActions(model)].sort().join(' ');
  assert.equal(offered(dashboardModels.running), 'openCollection openLog openMaster pause stop');
  assert.equal(offered(dashboardModels.paused), 'openCollection openLog openMaster resume stop');
  assert.equal(
    offered(dashboardModels.budget),
    'openCollection openLog openMaster raiseAndResume resume stop',
  );
  assert.equal(offered(dashboardModels.interrupted), 'openCollection openLog openMaster resume');
  assert.equal(offered(dashboardModels.completed), 'openCollection openLog openMaster');
  assert.equal(offered(dashboardModels.held), 'openCollection openLog openMaster');
  assert.equal(offered(dashboardModels.starting), 'openCollection openLog pause stop');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatsFor } from '../../../../src/core/format.ts';
import { dashboardStrings } from '../../../../src/host/dashboard/dashboardStrings.ts';
import type { DashboardModel } from '../../../../src/protocol/dashboard.ts';
import {
  adviceFor,
  adviceText,
  canGoBack,
  canRetry,
  offeredActions,
} from '../../../../webview/dashboard/advice.ts';
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
  const isQuiet = (name: string) => name === 'running' || name === 'hostile';
  const others = Object.entries(dashboardModels).filter(([name]) => !isQuiet(name));
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
    return {
      holder: null,
      damage: null,
      snapshot: makeSnapshot({ state: 'completed', units, ...view }),
    };
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
  const { running, paused, budget, interrupted, completed, held, starting } = dashboardModels;
  const always = 'openCollection openLog openMaster openRecords';
  assert.equal(offered(running), `${always} pause stop validate`);
  assert.equal(offered(paused), `${always} resume stop validate`);
  assert.equal(offered(budget), `${always} raiseAndResume resume stop validate`);
  assert.equal(offered(interrupted), `${always} resume showRecoveryPlan validate`);
  assert.equal(offered(completed), `${always} showRecoveryPlan validate`);
  assert.equal(offered(held), `${always} validate`);
  assert.equal(offered(starting), 'openCollection openLog pause stop validate');
});

test('failed units are tried again from any state, checkpoints gone back to at rest only', () => {
  const names = (can: (model: DashboardModel) => boolean) =>
    Object.entries(dashboardModels).flatMap(([name, model]) => (can(model) ? [name] : []));
  const cannotRetry = ['starting', 'completed', 'completedEmpty', 'held'];
  const all = Object.keys(dashboardModels);
  assert.deepEqual(
    names(canRetry),
    all.filter((name) => !cannotRetry.includes(name)),
  );
  const atWork = ['running', 'starting', 'held', 'hostile'];
  assert.deepEqual(
    names(canGoBack),
    all.filter((name) => !atWork.includes(name)),
  );
});

test('a session that could not be read whole says so before anything else', () => {
  const { damaged } = dashboardModels;
  assert.match(say(damaged), /could not be read whole: Line 17 .* Show Recovery Plan/);
});

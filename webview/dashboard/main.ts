import 'uplot/dist/uPlot.min.css';
import '../shared/base.css';
import '../shared/state.css';
import './dashboard.css';
import { messageOf } from '../../src/core/errors.ts';
import { formatsFor } from '../../src/core/format.ts';
import { applyDelta } from '../../src/core/live.ts';
import { shownText } from '../../src/core/shownText.ts';
import type {
  DashboardEvents,
  DashboardHydration,
  DashboardModel,
  DashboardRequests,
  SessionPast,
} from '../../src/protocol/dashboard.ts';
import type { FailureGroup } from '../../src/core/history.ts';
import { createCharts } from './charts.ts';
import { el, setText } from '../shared/dom.ts';
import { createFailures } from './failures.ts';
import { createFigures } from './figures.ts';
import { createHeader } from './header.ts';
import { createLimits } from './limits.ts';
import { createNewest } from './newest.ts';
import { createProgress } from './progress.ts';
import { createHosts, createInFlight } from './tables.ts';
import { createTimeline } from './timeline.ts';
import { createTimeSpent } from './timeSpent.ts';
import { atMostEvery, connectPage, oncePerFrame } from '../shared/page.ts';
import { Loader } from '../shared/loader.ts';
import { PageState } from './pageState.ts';
import type { Part } from './part.ts';
import { PartList } from './partList.ts';
import { defineToolkitElements } from '../shared/toolkit.ts';
import { createWords } from '../shared/words.ts';
import type { Words } from './dashboardWords.ts';

/** Reading failures costs the engine a look through the journal, so it is not asked for with each of them. */
const failuresGapMs = 5000;
/** The past is read where a run begins or ends: what was read when a short one began must not stand for its end. */
const pastGapMs = 300;

let model: DashboardModel | undefined;
let words: Words | undefined;
let parts: PartList | undefined;
/** Whether something else than figures has changed, which is shown out of sight, too. */
let isAllDue = true;
/** How far the host's clock is ahead of the page's. */
let aheadMs = 0;

const draw = oncePerFrame(() => {
  if (!model) return;
  const shown = {
    model,
    past: past.current,
    failures: failures.current,
    nowMs: Date.now() + aheadMs,
  };
  parts?.update(shown, isAllDue);
  isAllDue = false;
});

const { rpc, keptState, keepState } = connectPage<DashboardRequests, DashboardEvents>(
  (name, payload) => {
    switch (name) {
      case 'model':
        isAllDue = true;
        show(payload as DashboardEvents['model']);
        return;
      case 'delta':
        if (!model) return;
        show({
          ...model,
          snapshot: applyDelta(model.snapshot, payload as DashboardEvents['delta']),
        });
        return;
      case 'gone':
        if (words) showOnly(words.t('advice.gone'));
    }
  },
);

const past = new Loader<SessionPast>({
  load: () => rpc.request('readPast', null, 0),
  onChange: drawAll,
  gapMs: pastGapMs,
});
const failures = new Loader<readonly FailureGroup[]>({
  load: () => rpc.request('readFailures', null, 0),
  onChange: drawAll,
  gapMs: failuresGapMs,
});

/** Figures that change faster than that are not read any better; painting them is most of what the page costs. */
const drawFigures = atMostEvery(1000, draw);

function drawAll(): void {
  isAllDue = true;
  draw();
}

/** Shows another model, and asks again for what has to be read where that is another now. */
function show(next: DashboardModel): void {
  const before = model;
  model = next;
  if (before === undefined || chapterOf(before) !== chapterOf(next)) {
    isAllDue = true;
    past.refresh();
  }
  const { failed } = next.snapshot.view.units;
  if (failed > 0 && failed !== before?.snapshot.view.units.failed) failures.refresh();
  if (isAllDue) draw();
  else drawFigures();
}

/** What changes when a session begins, ends or breaks off work: only then is there something new in its past. */
function chapterOf({ snapshot: { view }, holder }: DashboardModel): string {
  return `${view.state} ${view.openedAt ?? ''} ${holder?.since ?? ''}`;
}

function createParts(say: Words, hydration: DashboardHydration): readonly Part[] {
  const state = new PageState(hydration.ref, keptState, keepState);
  const notice = el('p', 'request-failed');
  notice.setAttribute('role', 'alert');
  const guarded = async (request: Promise<unknown>): Promise<void> => {
    try {
      await request;
      setText(notice, '');
    } catch (error) {
      setText(notice, say.t('requestFailed', shownText(messageOf(error))));
    }
  };
  const header = createHeader(say, (action) => guarded(rpc.request(action, null, 0)));
  header.element.append(notice);
  return [
    header,
    createFigures(say),
    createProgress(say),
    createLimits(say),
    createCharts(say, state, state.charts, (span) => {
      state.setCharts(span);
    }),
    createTimeSpent(say, state),
    createFailures(say, state, (units) => guarded(rpc.request('retryFailed', { units }, 0))),
    createHosts(say, state),
    createInFlight(say, state),
    createNewest(say, state),
    createTimeline(say, state, (checkpoint) =>
      guarded(rpc.request('resumeFromCheckpoint', { checkpoint }, 0)),
    ),
  ];
}

function showOnly(text: string): void {
  model = undefined;
  document.body.replaceChildren(el('p', 'advice', shownText(text)));
}

async function hydrate(): Promise<void> {
  const hydration = await rpc.request('ready', null);
  aheadMs = hydration.nowMs - Date.now();
  document.documentElement.lang = hydration.locale;
  words = createWords(hydration.strings, formatsFor(hydration.locale));
  const made = createParts(words, hydration);
  document.body.replaceChildren(el('main', '', ...made.map((part) => part.element)));
  parts = new PartList(made);
  show(hydration.model);
}

defineToolkitElements();
hydrate().catch((error: unknown) => {
  showOnly(messageOf(error));
});

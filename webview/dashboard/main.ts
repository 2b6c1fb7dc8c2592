import 'uplot/dist/uPlot.min.css';
import '../shared/base.css';
import './dashboard.css';
import { formatsFor } from '../../src/core/format.ts';
import { applyDelta } from '../../src/core/live.ts';
import type {
  DashboardEvents,
  DashboardModel,
  DashboardRequests,
} from '../../src/protocol/dashboard.ts';
import { createChart } from './chart.ts';
import { el, setText } from '../shared/dom.ts';
import { createFigures } from './figures.ts';
import { createHeader } from './header.ts';
import { createLimits } from './limits.ts';
import { createProgress } from './progress.ts';
import { createErrors, createHosts, createInFlight, type Part } from './tables.ts';
import { connectPage, oncePerFrame } from '../shared/page.ts';
import { defineToolkitElements } from '../shared/toolkit.ts';
import { createWords } from '../shared/words.ts';

let model: DashboardModel | undefined;
let parts: readonly Part[] = [];

const draw = oncePerFrame(() => {
  if (!model) return;
  for (const part of parts) part.update(model);
});

const { rpc, keepState } = connectPage<DashboardRequests, DashboardEvents>((name, payload) => {
  if (name === 'model') model = payload as DashboardEvents['model'];
  else if (model) {
    const delta = payload as DashboardEvents['delta'];
    model = { ...model, snapshot: applyDelta(model.snapshot, delta) };
  }
  draw();
});

async function hydrate(): Promise<void> {
  const hydration = await rpc.request('ready', null);
  keepState(hydration.state);
  document.documentElement.lang = hydration.locale;
  const words = createWords(hydration.strings, formatsFor(hydration.locale));
  const notice = el('p', 'request-failed');
  notice.setAttribute('role', 'alert');
  const header = createHeader(words, async (action) => {
    try {
      await rpc.request(action, null, 0);
      setText(notice, '');
    } catch (error) {
      setText(notice, words.t('requestFailed', error instanceof Error ? error.message : ''));
    }
  });
  parts = [
    header,
    createFigures(words),
    createProgress(words),
    createLimits(words),
    createChart(words),
    createInFlight(words),
    createErrors(words),
    createHosts(words),
  ];
  model = hydration.model;
  const main = el('main', '', ...parts.map((part) => part.element));
  header.element.after(notice);
  document.body.replaceChildren(main);
  for (const part of parts) part.update(model);
}

defineToolkitElements();
hydrate().catch((error: unknown) => {
  document.body.replaceChildren(
    el('p', 'advice', error instanceof Error ? error.message : String(error)),
  );
});

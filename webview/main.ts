import 'uplot/dist/uPlot.min.css';
import './dashboard.css';
import { formatsFor } from '../src/core/format.ts';
import { applyDelta } from '../src/core/live.ts';
import { Rpc } from '../src/protocol/rpc.ts';
import type {
  DashboardEvents,
  DashboardModel,
  DashboardRequests,
  DashboardState,
} from '../src/protocol/webview.ts';
import { createChart } from './chart.ts';
import { el, setText } from './dom.ts';
import { createFigures } from './figures.ts';
import { createHeader } from './header.ts';
import { createLimits } from './limits.ts';
import { createProgress } from './progress.ts';
import { createErrors, createHosts, createInFlight, type Part } from './tables.ts';
import { defineToolkitElements } from './toolkit.ts';
import { createWords } from './words.ts';

/** What VS Code gives a webview. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  setState(state: DashboardState): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const vscode = acquireVsCodeApi();
let model: DashboardModel | undefined;
let parts: readonly Part[] = [];
let drawAsked = false;

const rpc = new Rpc<object, DashboardRequests, DashboardEvents, object>({
  channel: {
    post: (message) => {
      vscode.postMessage(message);
    },
    listen: (listener) => {
      const onMessage = (event: MessageEvent<unknown>) => {
        listener(event.data);
      };
      window.addEventListener('message', onMessage);
      return () => {
        window.removeEventListener('message', onMessage);
      };
    },
  },
  handlers: {},
  onEvent: (name, payload) => {
    if (name === 'model') model = payload as DashboardEvents['model'];
    else if (model) {
      const delta = payload as DashboardEvents['delta'];
      model = { ...model, snapshot: applyDelta(model.snapshot, delta) };
    }
    askToDraw();
  },
});

/** Draws once a frame at most, however much has arrived. */
function askToDraw(): void {
  if (drawAsked) return;
  drawAsked = true;
  requestAnimationFrame(() => {
    drawAsked = false;
    if (!model) return;
    for (const part of parts) part.update(model);
  });
}

async function hydrate(): Promise<void> {
  const hydration = await rpc.request('ready', null);
  vscode.setState(hydration.state);
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

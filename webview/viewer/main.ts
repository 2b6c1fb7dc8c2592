import '../shared/base.css';
import './viewer.css';
import { formatsFor } from '../../src/core/format.ts';
import type { ViewerEvents, ViewerRequests, ViewerState } from '../../src/protocol/viewer.ts';
import { el } from '../shared/dom.ts';
import { connectPage } from '../shared/page.ts';
import { defineToolkitElements } from '../shared/toolkit.ts';
import { createWords } from '../shared/words.ts';
import { blockAt } from './blocks.ts';
import { firstState, Viewer } from './viewer.ts';

let viewer: Viewer | undefined;

const link = connectPage<ViewerRequests, ViewerEvents>((_name, status) => {
  viewer?.update(status);
});

async function hydrate(): Promise<void> {
  const state = stateIn(link.keptState);
  const hydration = await link.rpc.request('ready', blockAt(Math.floor(state.top)), 0);
  document.documentElement.lang = hydration.locale;
  const words = createWords(hydration.strings, formatsFor(hydration.locale));
  const made = new Viewer(link, words, hydration, state);
  document.body.replaceChildren(made.element);
  made.update(hydration.status);
  viewer = made;
}

/** What this page kept; where another version kept something else, it begins anew. */
function stateIn(kept: unknown): ViewerState {
  if (typeof kept !== 'object' || kept === null) return firstState;
  return (kept as Partial<ViewerState>).version === 1 ? { ...firstState, ...kept } : firstState;
}

defineToolkitElements();
hydrate().catch((error: unknown) => {
  document.body.replaceChildren(
    el('p', 'advice', error instanceof Error ? error.message : String(error)),
  );
});

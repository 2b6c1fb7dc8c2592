import '../shared/base.css';
import './preview.css';
import { formatsFor } from '../../src/core/format.ts';
import type {
  PreviewModel,
  PreviewPageEvents,
  PreviewPageRequests,
} from '../../src/protocol/preview.ts';
import { el, setText } from '../shared/dom.ts';
import { connectPage, oncePerFrame } from '../shared/page.ts';
import { defineToolkitElements } from '../shared/toolkit.ts';
import { createWords } from '../shared/words.ts';
import { fieldsSection } from './fields.ts';
import {
  nextSection,
  notesElement,
  priceElement,
  troubleElement,
  warningsSection,
} from './further.ts';
import { createHeader } from './header.ts';
import type { Asks, Words } from './previewWords.ts';
import { recordsSection, rejectedSection } from './records.ts';

let model: PreviewModel | undefined;
let show: ((model: PreviewModel) => void) | undefined;

const draw = oncePerFrame(() => {
  if (model) show?.(model);
});

const { rpc, keepState } = connectPage<PreviewPageRequests, PreviewPageEvents>((_name, payload) => {
  model = payload;
  draw();
});

async function hydrate(): Promise<void> {
  const hydration = await rpc.request('ready', null);
  keepState(hydration.state);
  document.documentElement.lang = hydration.locale;
  const words = createWords(hydration.strings, formatsFor(hydration.locale));
  const notice = el('p', 'request-failed');
  notice.setAttribute('role', 'alert');
  const asked = (request: Promise<unknown>): void => {
    request.then(
      () => {
        setText(notice, '');
      },
      (error: unknown) => {
        setText(notice, words.t('requestFailed', error instanceof Error ? error.message : ''));
      },
    );
  };
  const asks: Asks = {
    run: (unit) => {
      asked(rpc.request('run', { unit }));
    },
    stop: () => {
      asked(rpc.request('stop', null));
    },
    act: (action) => {
      asked(rpc.request('act', { action }, 0));
    },
    showField: (field) => {
      asked(rpc.request('showField', { field }));
    },
  };
  const header = createHeader(words, asks);
  const content = el('div', 'content');
  content.tabIndex = -1;
  let shownRevision = -1;
  show = (now) => {
    header.update(now);
    content.setAttribute('aria-busy', String(now.isRunning));
    // What was there stays until something else is: what a person has opened in it stays open.
    if (now.revision !== shownRevision) {
      const hadFocus = content.contains(document.activeElement);
      content.replaceChildren(...partsOf(words, now, asks));
      if (hadFocus) content.focus();
      shownRevision = now.revision;
    }
  };
  model ??= hydration.model;
  document.body.replaceChildren(el('main', '', header.element, notice, content));
  show(model);
}

function partsOf(words: Words, { outcome, trouble }: PreviewModel, asks: Asks): HTMLElement[] {
  const report = outcome?.kind === 'report' ? outcome.report : undefined;
  const price = outcome?.kind === 'price' ? outcome.price : undefined;
  const hasTrouble = trouble !== null && price === undefined;
  const parts = [
    hasTrouble ? troubleElement(words, trouble, report?.failure ?? null, asks) : undefined,
    price && priceElement(words, price, asks),
    ...(report === undefined
      ? []
      : [
          notesElement(words, report),
          fieldsSection(words, report, asks),
          report.failure === null ? recordsSection(words, report) : undefined,
          rejectedSection(words, report),
          nextSection(words, report, asks),
          warningsSection(words, report),
        ]),
  ];
  return parts.filter((part) => part !== undefined);
}

defineToolkitElements();
hydrate().catch((error: unknown) => {
  document.body.replaceChildren(
    el('p', 'advice', error instanceof Error ? error.message : String(error)),
  );
});

import '../shared/base.css';
import './picker.css';
import type { FieldTrial, OpenedPage } from '../../src/core/picker.ts';
import { formatsFor } from '../../src/core/format.ts';
import type {
  PickerModel,
  PickerPageEvents,
  PickerPageRequests,
} from '../../src/protocol/picker.ts';
import { el } from '../shared/dom.ts';
import { connectPage, oncePerFrame } from '../shared/page.ts';
import { defineToolkitElements } from '../shared/toolkit.ts';
import { createWords } from '../shared/words.ts';
import { createPicker, type Picker } from './picker.ts';

let model: PickerModel | undefined;
let page: OpenedPage | null = null;
let picker: Picker | undefined;

const draw = oncePerFrame(() => {
  if (model) picker?.update(model, page);
});

const { rpc } = connectPage<PickerPageRequests, PickerPageEvents>((name, payload) => {
  if (name === 'page') page = payload as PickerPageEvents['page'];
  else model = payload as PickerPageEvents['model'];
  draw();
});

async function hydrate(): Promise<void> {
  const hydration = await rpc.request('ready', null);
  document.documentElement.lang = hydration.locale;
  const words = createWords(hydration.strings, formatsFor(hydration.locale));
  picker = createPicker(words, {
    load: (url) => rpc.request('load', { url }),
    stop: () => rpc.request('stop', null),
    act: (action) => rpc.request('act', { action }, 0),
    proposeField: (element) => rpc.request('proposeField', { element }, 90_000),
    proposeItems: (elements) => rpc.request('proposeItems', { elements }, 90_000),
    tryField: (field): Promise<FieldTrial> => rpc.request('tryField', { field }, 90_000),
    addField: (name, field) => rpc.request('addField', { name, field }, 90_000),
    removeField: (name) => rpc.request('removeField', { name }, 90_000),
    setItems: (selector) => rpc.request('setItems', { selector }, 90_000),
    setKey: (name) => rpc.request('setKey', { name }, 90_000),
  });
  model ??= hydration.model;
  page ??= hydration.page;
  document.body.replaceChildren(picker.element);
  picker.update(model, page);
}

defineToolkitElements();
hydrate().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  document.body.replaceChildren(el('main', '', el('p', 'request-failed', text)));
});

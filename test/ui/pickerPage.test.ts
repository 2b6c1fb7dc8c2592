// The picker's page, as built, in a browser of its own: what it does while its host takes its time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchBrowser } from '../../.ci/browser.ts';
import type { FieldProposal, FieldTrial, OpenedPage } from '../../src/core/picker.ts';
import { pickerStrings } from '../../src/host/picker/pickerStrings.ts';
import type {
  PickerModel,
  PickerPageEvents,
  PickerPageRequests,
} from '../../src/protocol/picker.ts';
import type { Handlers } from '../../src/protocol/rpc.ts';
import { PageLab } from '../fixtures/pageLab.ts';
import { eventually } from './eventually.ts';

const model: PickerModel = {
  file: 'shop.collect.json',
  url: null,
  isLoading: false,
  trouble: null,
  collection: { items: null, fields: {}, key: null },
  study: { items: null, fields: {}, keySuggestion: null, keyRepeats: null },
};

const page: OpenedPage = {
  page: 1,
  url: 'http://shop.invalid/',
  status: 200,
  title: 'Shop',
  bytes: 99,
  snapshot: {
    nodes: ['title', 'price'].map((tag, i) => ({ n: i, tag: 'p', children: [tag] })),
    elements: 2,
    isCut: false,
  },
};

const proposal = (element: number): FieldProposal => ({
  choices: [{ selector: `p:nth-child(${element + 1})`, matches: 1, itemsWith: null, takes: 'one' }],
  name: element === 0 ? 'title' : 'price',
  attr: null,
  as: null,
  attributes: [],
  path: ['p'],
});

const trial: FieldTrial = {
  matches: 1,
  itemsWith: null,
  values: ['"a"'],
  elements: [],
  problem: null,
};

test('who picks on while a field is written keeps what is in hand; what was not written is not said to be', async () => {
  const browser = await launchBrowser();
  try {
    let isReadOnly = true;
    const writing: { done(): void; fail(error: Error): void }[] = [];
    const handlers = {
      ready: async () => ({ model, page, strings: pickerStrings(), locale: 'en-US' }),
      proposeField: async ({ element }: { readonly element: number }) => proposal(element),
      tryField: async () => trial,
      addField: () =>
        new Promise<null>((resolve, fail) => {
          writing.push({ done: () => resolve(null), fail });
        }),
      proposeItems: async () => ({ choices: [{ selector: 'p', matches: 2 }] }),
      setItems: async () => {
        if (isReadOnly) throw new Error('The file is read-only.');
        return null;
      },
    } as unknown as Handlers<PickerPageRequests>;
    const lab = await PageLab.open<PickerPageRequests, PickerPageEvents>(browser, {
      page: 'picker',
      handlers,
    });
    const name = lab.page.getByLabel('Name', { exact: true });
    const add = lab.page.locator('[data-action="addField"]');
    const pick = async (field: string): Promise<void> => {
      await lab.page.locator('.page').getByText(field, { exact: true }).click();
      await eventually(`the form of ${field}`, async () => (await name.inputValue()) === field);
    };
    await pick('title');
    await add.click();
    await pick('price');
    writing[0]?.done();
    await lab.page.locator('.said', { hasText: 'title' }).waitFor();
    assert.equal(await name.inputValue(), 'price');

    await add.click();
    writing[1]?.fail(new Error('The disk is full.'));
    await lab.page.getByRole('alert').getByText('The disk is full.').waitFor();
    assert.equal(await name.inputValue(), 'price', 'it is there to be tried again');
    await add.click();
    writing[2]?.done();
    await lab.page.locator('.said', { hasText: 'price' }).waitFor();
    await name.waitFor({ state: 'detached' });

    // Items that could not be written are still the ones to be picked.
    await lab.page.getByLabel('Items', { exact: true }).check();
    await lab.page.locator('.page').getByText('title', { exact: true }).click();
    const use = lab.page.locator('[data-action="useItems"]');
    await use.click();
    await lab.page.getByRole('alert').getByText('The file is read-only.').waitFor();
    assert.equal(await lab.page.locator('#mode-items').isChecked(), true);
    isReadOnly = false;
    await use.click();
    await lab.page.locator('#mode-field:checked').waitFor();
    assert.deepEqual(lab.complaints, []);
    await lab.close();
  } finally {
    await browser.close();
  }
});

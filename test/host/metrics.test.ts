import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as vscode from 'vscode';
import { sampleBookCount } from '../../src/serve/sampleBooks.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { freePort } from '../fixtures/freePort.ts';
import { readMetrics } from '../fixtures/metrics.ts';
import {
  activeApi,
  addCollection,
  closeEditorsAfter,
  eventually,
  start,
  untilState,
} from './inHost.ts';

const setting = 'cfCollector.metrics.port';

async function setPort(port: number | undefined): Promise<void> {
  const configuration = vscode.workspace.getConfiguration();
  await configuration.update(setting, port, vscode.ConfigurationTarget.Global);
}

/** The metrics at a port; undefined while nobody answers there. */
async function metricsAt(port: number): Promise<string | undefined> {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  } catch {
    return undefined;
  }
}

test('metrics are served as the setting says, also when it changes', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  t.after(() => setPort(undefined));
  const [one, two] = [await freePort(), await freePort()];
  await setPort(one);
  const site = await startSampleSite({});
  t.after(() => site.close());
  const ref = await start(await addCollection(bookCollection(site.url, 'measured')));
  await eventually('the metrics', () => metricsAt(one));
  await untilState(api, ref, 'completed');
  const { session } = ref;
  await eventually('the end in the metrics', async () => {
    const { value } = readMetrics((await metricsAt(one)) ?? '');
    const state = { session, collection: 'measured', state: 'completed' };
    return value('cf_collector_session_state', state) === 1 || undefined;
  });
  const { value } = readMetrics((await metricsAt(one)) ?? '');
  assert.equal(value('cf_collector_records_total', { session }), sampleBookCount);
  await setPort(two);
  await eventually('the metrics at the new port', () => metricsAt(two));
  assert.equal(await metricsAt(one), undefined);
  await setPort(0);
  await eventually('the end of the metrics', async () =>
    (await metricsAt(two)) === undefined ? true : undefined,
  );
});

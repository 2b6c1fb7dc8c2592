import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { must } from '../../src/core/assert.ts';
import { RunningCli } from '../fixtures/cli.ts';
import { freePort } from '../fixtures/freePort.ts';
import { distinctCount } from '../fixtures/served/content.ts';
import { ServerProcess } from '../fixtures/served/serve.ts';
import { makeWorkspace, writeCollection } from '../fixtures/workspace.ts';
import { Prometheus, whyNoPrometheus } from './prometheus.ts';

const skip = whyNoPrometheus ?? false;
const content = {
  kind: 'api',
  items: 3000,
  shards: 6,
  bytesPerItem: 200,
  duplicatesPercent: 10,
} as const;

async function begin(t: Parameters<typeof makeWorkspace>[0], latencyMs: number) {
  const server = await ServerProcess.start(content, { latencyMs });
  t.after(() => server.close());
  const workspace = await makeWorkspace(t);
  const shards = Array.from({ length: content.shards }, (_, i) => i + 1);
  const file = await writeCollection(workspace, {
    name: 'shards',
    source: {
      type: 'rest',
      // The last one is not there.
      for: { shard: [...shards, content.shards + 1] },
      url: `${server.url('/shards/')}{shard}/records`,
      query: { per_page: 20 },
      paginate: { type: 'page' },
      items: 'items',
    },
    record: { key: ['id'] },
    limits: { concurrency: 2, perHost: { concurrency: 2 } },
  });
  return { workspace, file };
}

test(
  'a real Prometheus scrapes a run: what it has in the end is what the summary says',
  { skip },
  async (t) => {
    const { workspace, file } = await begin(t, 100);
    const port = await freePort();
    const prometheus = await Prometheus.start(workspace, `127.0.0.1:${port}`, 1000);
    t.after(() => prometheus.close());
    const cli = new RunningCli([
      ...['run', file, '--workspace', workspace, '--json'],
      ...['--metrics', String(port)],
    ]);
    t.after(() => {
      cli.kill('SIGKILL');
    });
    const state = { isOver: false };
    const done = cli.done.finally(() => (state.isOver = true));

    // While it runs.
    const seen = new Set<number>();
    let sawInFlight = false;
    while (!state.isOver) {
      seen.add((await prometheus.value('cf_collector_records_total')) ?? 0);
      sawInFlight ||= ((await prometheus.value('cf_collector_in_flight_units')) ?? 0) > 0;
      await setTimeout(50);
    }
    const { code, summary, stderr } = await done;
    assert.equal(code, 3, stderr);
    const { session, records, duplicates, rejected, units, masters } = must(summary, 'a summary');
    assert.equal(records, distinctCount(content.items, content.duplicatesPercent));
    const between = [...seen].filter((count) => count > 0 && count < records);
    assert.ok(between.length > 2, [...seen].join());
    assert.ok(sawInFlight);

    // When it is over: the last that was scraped.
    const labels = `session="${session}",collection="shards"`;
    const last = (name: string, more = ''): Promise<number | undefined> =>
      prometheus.value(`last_over_time(cf_collector_${name}{${labels}${more}}[10m])`);
    assert.equal(await last('records_total'), records);
    assert.equal(await last('duplicates_total'), duplicates);
    assert.equal(await last('rejected_total'), rejected);
    for (const state of ['done', 'failed', 'skipped', 'blocked', 'pending'] as const) {
      assert.equal(await last('units', `,state="${state}"`), units[state], state);
    }
    assert.equal(await last('queue_length'), 0);
    assert.equal(await last('in_flight_units'), 0);
    assert.equal(await last('not_yet_safe_records'), 0);
    assert.equal(await last('session_state', ',state="completed"'), 1);
    const masterBytes = (await stat(must(masters[0], 'a master'))).size;
    assert.equal(await last('written_bytes_total', ',file="master"'), masterBytes);
    const answers = await last('fetch_duration_seconds_count');
    // Each page once, the empty ones at the ends, and the shard that is not there.
    assert.equal(answers, content.items / 20 + content.shards + 1);
    const meanSeconds = ((await last('fetch_duration_seconds_sum')) ?? 0) / answers;
    assert.ok(meanSeconds >= 0.099 && meanSeconds < 1, `${meanSeconds} s an answer`);
    assert.ok(((await last('commit_duration_seconds_count')) ?? 0) > 10);
    assert.ok(((await last('received_bytes_total')) ?? 0) > content.items * content.bytesPerItem);
  },
);

test('the metrics are as promtool says that they should be', { skip }, async (t) => {
  // It is still at work when it has been asked.
  const { workspace, file } = await begin(t, 1000);
  const cli = new RunningCli(['run', file, '--workspace', workspace, '--json', '--metrics', '0']);
  t.after(() => {
    cli.kill('SIGKILL');
  });
  const told = await cli.untilEvent(({ type }) => type === 'metrics');
  await cli.untilEvent(({ type, records }) => type === 'progress' && Number(records) > 0);
  const answer = await fetch(String(told?.['url']));
  const { status, stdout, stderr } = spawnSync('/usr/bin/promtool', ['check', 'metrics'], {
    input: await answer.text(),
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.equal(`${stdout}${stderr}`, '');
});

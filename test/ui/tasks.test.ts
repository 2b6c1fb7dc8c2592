import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Gate, html } from '../fixtures/answers.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import { FaultyServer } from '../fixtures/faultyServer.ts';
import { readJsonLines, writeCollection } from '../fixtures/workspace.ts';
import { eventually } from './eventually.ts';
import { untilTold, withSampleWindow } from './sampleWindow.ts';

const names = ['a', 'b', 'c', 'd', 'e'];

/** Tasks as a person writes them: one for each collection, and one that needs them all. */
function tasksFile(): string {
  const collects = names.map((name) => ({
    type: 'collect',
    label: `collect ${name}`,
    operation: 'run',
    collection: `${name}.collect.json`,
  }));
  const all = {
    label: 'collect all',
    dependsOn: collects.map(({ label }) => label),
    type: 'collect',
    operation: 'merge',
    inputs: ['data/raw/*_master_*.jsonl'],
    output: 'all.jsonl',
  };
  return JSON.stringify({ version: '2.0.0', tasks: [...collects, all] });
}

test('tasks collect and merge; five sessions that end at once are told of in one notification', async () => {
  const gate = new Gate();
  const book = html('<article class="product_page"><h1>One</h1></article>');
  const server = await FaultyServer.start({ '/robots.txt': html(''), '/book': gate.hold(book) });
  const prepare = async (folder: string) => {
    await mkdir(path.join(folder, '.vscode'));
    await writeFile(path.join(folder, '.vscode', 'tasks.json'), tasksFile());
    for (const name of names) {
      await writeCollection(folder, bookCollection(server.url('/book'), name));
    }
  };
  try {
    await withSampleWindow('tasks', { prepare }, async ({ workbench, folder }) => {
      await workbench.openView('Collector');
      // The extension is there: nothing takes the focus from the pick any more.
      await workbench.page.getByRole('button', { name: 'Start Collection' }).first().waitFor();
      await workbench.runCommand('Tasks: Run Task');
      await workbench.screenshot('tasks-1-pick');
      await workbench.pick('collect all');
      await server.untilRequests(names.length, '/book');
      gate.open();
      await workbench.row(/all.*completed/).waitFor();
      await eventually('five that are complete, and what they are merged into', async () => {
        return (await workbench.row(/completed/).count()) === names.length + 1;
      });
      const merged = await readJsonLines(path.join(folder, 'all.jsonl'));
      assert.deepEqual(
        merged.map(({ title }) => title),
        ['One'],
      );
      // At most one at a time, however many there are to tell.
      await untilTold(workbench, /complete/i);
      // VS Code may list it twice for a moment.
      await eventually('one notification', async () => {
        return (await workbench.notification(/complete/i).count()) === 1;
      });
      await workbench.screenshot('tasks-2-done');
    });
  } finally {
    await server.close();
  }
});

// npm run screenshots: makes the pictures of README.md in media/screenshots, of a real VS Code on the sample site.
import { copyFile, mkdir } from 'node:fs/promises';
import { ensureBrowser } from '../../.ci/browser.ts';
import { inProject } from '../../.ci/project.ts';
import { installPackage } from '../../.ci/vsix.ts';
import type { Workbench } from '../ui/harness.ts';
import { eventually } from '../ui/eventually.ts';
import { dashboard, figure, untilDashboardSays, withSampleWindow } from '../ui/sampleWindow.ts';

const folder = inProject('media', 'screenshots');

async function keep(workbench: Workbench, name: string): Promise<void> {
  await workbench.screenshot(`readme-${name}`);
  const from = inProject('out', 'screenshots', `readme-${name}.png`);
  await copyFile(from, `${folder}/${name}.png`);
}

const missing = await ensureBrowser();
if (missing !== undefined) throw new Error(missing);
await installPackage();
await mkdir(folder, { recursive: true });
await withSampleWindow('readme', { delayMs: 150 }, async ({ workbench }) => {
  await workbench.openView('Collector');
  await workbench.runCommand('Collector: Preview');
  await workbench.pick('books.collect.json');
  const preview = await workbench.webview('section.fields');
  await preview.locator('tr[data-field="title"]').waitFor();
  await keep(workbench, 'preview');
  await workbench.runCommand('View: Close All Editors');
  await workbench.runCommand('Collector: Start Collection');
  await workbench.pick('books.collect.json');
  const page = await dashboard(workbench);
  await eventually('a hundred records', async () => (await figure(page, 'records')) > 100);
  await workbench.expand(/books/);
  await keep(workbench, 'dashboard');
  await untilDashboardSays(page, 'Completed');
  await workbench.runCommand('View: Close All Editors');
  await workbench.chooseInMenu(workbench.row(/books/).first(), 'Open in Record Viewer');
  const viewer = await workbench.webview('main.viewer');
  const number = viewer.getByLabel('Go to Record');
  await number.fill('42');
  await number.press('Enter');
  await viewer.getByRole('heading', { name: 'Record 42' }).waitFor();
  await keep(workbench, 'records');
});

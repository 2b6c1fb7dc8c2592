import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { startByPalette, untilDashboardSays, untilTold, withSampleWindow } from './sampleWindow.ts';

test('a broken master: Problems names the line, the report says more, the tree shows it', async () => {
  await withSampleWindow('validate', {}, async ({ workbench, folder }) => {
    const page = await startByPalette(workbench);
    await untilDashboardSays(page, 'Completed');
    const session = workbench.row(/books.*completed/);
    await session.waitFor();

    // Whole: a tick, and nothing in the panel.
    await workbench.chooseInMenu(session, 'Validate');
    await untilTold(workbench, /books is valid: 200 records, no problems/);
    await workbench.page.getByRole('treeitem', { name: /validated: no problems/ }).waitFor();
    await workbench.screenshot('validate-1-whole');
    await workbench.runCommand('Notifications: Clear All Notifications');

    const raw = path.join(folder, 'data', 'raw');
    const name = (await readdir(raw)).find((file) => file.startsWith('books_master_'))!;
    const master = path.join(raw, name);
    const lines = (await readFile(master, 'utf8')).split('\n');
    lines[6] = lines[6]!.replace(/.$/, ']');
    await writeFile(master, lines.join('\n'));

    await workbench.chooseInMenu(session, 'Validate');
    await untilTold(workbench, /books has \d+ problem/);
    await workbench.answer(/books has \d+ problem/, 'Show Problems');
    const problem = workbench.page
      .locator('.markers-panel')
      .getByRole('treeitem')
      .filter({ hasText: /Ln 7, Col/ });
    await problem.first().waitFor();
    await workbench.page.getByRole('treeitem', { name: /validated: \d+ problem/ }).waitFor();
    await workbench.screenshot('validate-2-problems');

    await workbench.runCommand('Collector: Show Validation Report');
    const report = await workbench.webview('h1:has-text("Validation report")');
    await report.getByText(name).first().waitFor();
    await workbench.screenshot('validate-3-report');
  });
});

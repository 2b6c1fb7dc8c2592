import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import * as vscode from 'vscode';
import type { ValidationReport } from '../../src/core/validation.ts';
import { startSampleSite } from '../../src/serve/sampleSite.ts';
import { bookCollection } from '../fixtures/bookCollection.ts';
import {
  activeApi,
  addCollection,
  closeEditorsAfter,
  masterOf,
  start,
  untilState,
  workspaceFolder,
} from './inHost.ts';

function findingsIn(file: string): readonly vscode.Diagnostic[] {
  const uri = vscode.Uri.file(file);
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'CF Collector');
}

async function validate(...args: readonly unknown[]): Promise<ValidationReport> {
  const report = await vscode.commands.executeCommand<ValidationReport>(
    'cfCollector.validate',
    ...args,
  );
  await vscode.commands.executeCommand('notifications.clearAll');
  return report;
}

test('a bad line of any JSONL is marked where it stands, without opening the file, until it is good', async () => {
  await activeApi();
  const file = path.join(workspaceFolder(), 'plain.jsonl');
  await writeFile(file, '{"a":1}\n{"a":2\n{"a":3}\n');
  const report = await validate(vscode.Uri.file(file));
  assert.equal(report.isValid, false);
  const [found, ...others] = findingsIn(file);
  assert.equal(others.length, 0);
  assert.equal(found!.range.start.line, 1);
  assert.equal(found!.severity, vscode.DiagnosticSeverity.Error);
  assert.ok(!vscode.workspace.textDocuments.some(({ uri }) => uri.fsPath === file));
  await writeFile(file, '{"a":1}\n{"a":2}\n{"a":3}\n');
  assert.equal((await validate(vscode.Uri.file(file))).isValid, true);
  assert.deepEqual(findingsIn(file), []);
});

test('several files of the explorer are validated together', async () => {
  await activeApi();
  const uris = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const file = path.join(workspaceFolder(), `${name}.jsonl`);
      await writeFile(file, '{"a":1}\n');
      return vscode.Uri.file(file);
    }),
  );
  const report = await validate(uris[0], uris);
  assert.deepEqual(
    report.targets.flatMap(({ files }) => files).sort(),
    uris.map(({ fsPath }) => fsPath).sort(),
  );
});

test('a session whose master was edited has its finding in the master', async (t) => {
  closeEditorsAfter(t);
  const api = await activeApi();
  const site = await startSampleSite({});
  t.after(() => site.close());
  const ref = await start(await addCollection(bookCollection(site.url, 'judged')));
  const session = await untilState(api, ref, 'completed');
  const whole = await validate(ref);
  assert.equal(whole.isValid, true, JSON.stringify(whole.targets[0]?.findings));
  assert.equal(whole.targets[0]!.session, ref.session);
  assert.equal(whole.targets[0]!.records, session.snapshot.view.records);
  const master = masterOf(session);
  const lines = (await readFile(master, 'utf8')).split('\n');
  lines[6] = lines[6]!.replace(/.$/, ']');
  await writeFile(master, lines.join('\n'));
  const broken = await validate(ref);
  assert.equal(broken.isValid, false);
  assert.ok(findingsIn(master).some(({ range }) => range.start.line === 6));
});

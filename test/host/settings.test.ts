import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as vscode from 'vscode';
import { readHttpSettings, readSetting } from '../../src/host/settings.ts';
import { workspaceFolder } from './inHost.ts';

const target = vscode.ConfigurationTarget.Global;

test('a run is given VS Code’s network settings and our contact', async (t) => {
  const scope = vscode.Uri.file(workspaceFolder());
  const changes = {
    'http.proxy': 'http://127.0.0.1:3128',
    'http.noProxy': ['localhost'],
    'http.proxyStrictSSL': false,
    'http.systemCertificates': false,
    'cfCollector.contact': 'me@example.com',
  };
  assert.deepEqual(readHttpSettings(scope), {
    proxy: null,
    noProxy: [],
    strictSsl: true,
    systemCertificates: true,
    contact: null,
  });
  const configuration = vscode.workspace.getConfiguration();
  t.after(async () => {
    for (const key of [...Object.keys(changes), 'http.proxySupport']) {
      await configuration.update(key, undefined, target);
    }
  });
  for (const [key, value] of Object.entries(changes)) {
    await configuration.update(key, value, target);
  }
  assert.deepEqual(readHttpSettings(scope), {
    proxy: 'http://127.0.0.1:3128',
    noProxy: ['localhost'],
    strictSsl: false,
    systemCertificates: false,
    contact: 'me@example.com',
  });
  await configuration.update('http.proxySupport', 'off', target);
  assert.equal(readHttpSettings(scope).proxy, null);
});

test('settings are what the manifest says until somebody sets them', () => {
  assert.equal(readSetting('openDashboardOnStart'), true);
  assert.equal(readSetting('offerResume'), true);
});

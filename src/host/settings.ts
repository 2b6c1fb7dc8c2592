import * as vscode from 'vscode';
import { settingDefaults, type Settings } from '../contributions.ts';
import type { HttpSettings } from '../protocol/worker.ts';

/** One of our settings, as it is for a file or folder. */
export function readSetting<K extends keyof Settings>(name: K, scope?: vscode.Uri): Settings[K] {
  return vscode.workspace
    .getConfiguration('cfCollector', scope ?? null)
    .get<Settings[K]>(name, settingDefaults[name]);
}

/** VS Code's network settings, as they are for a file or folder. */
export function readHttpSettings(scope?: vscode.Uri): HttpSettings {
  const http = vscode.workspace.getConfiguration('http', scope);
  const isProxyOff = http.get('proxySupport') === 'off';
  const contact = readSetting('contact', scope);
  const proxy = http.get<string>('proxy', '');
  return {
    proxy: isProxyOff || proxy === '' ? null : proxy,
    noProxy: http.get<string[]>('noProxy', []),
    strictSsl: http.get<boolean>('proxyStrictSSL', true),
    systemCertificates: http.get<boolean>('systemCertificates', true),
    contact: contact === '' ? null : contact,
  };
}

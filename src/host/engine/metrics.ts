import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { codeOf, messageOf } from '../../core/errors.ts';
import type { Services } from '../services.ts';
import { readSetting } from '../settings.ts';
import { engineText } from '../text/engineText.ts';
import { showWarningMessage } from '../window.ts';

const setting = 'cfCollector.metrics.port';
const answerMs = 10_000;

/** Has the engine serve metrics as the setting says: from its start on, and whenever the setting changes. */
export function registerMetrics(
  services: Pick<Services, 'engine' | 'log' | 'notices'>,
): vscode.Disposable {
  const { engine } = services;
  const onStarted = (): void => {
    if (readSetting('metrics.port') !== 0) void serve(services);
  };
  engine.events.on('started', onStarted);
  const onSetting = vscode.workspace.onDidChangeConfiguration((event) => {
    // An engine that is not up serves as soon as it is.
    if (event.affectsConfiguration(setting) && engine.isRunning) void serve(services);
  });
  return vscode.Disposable.from(onSetting, {
    dispose: () => {
      engine.events.off('started', onStarted);
    },
  });
}

async function serve({
  engine,
  log,
  notices,
}: Pick<Services, 'engine' | 'log' | 'notices'>): Promise<void> {
  const port = readSetting('metrics.port');
  try {
    const { url } = await engine.request('serveMetrics', { port }, answerMs);
    log.info(url === null ? 'Metrics are not served any more' : `Metrics: ${url}`);
  } catch (error) {
    log.warn(`${codeOf(error)}: ${messageOf(error)}`);
    // The window closes, or the engine died: the next one serves.
    if (codeOf(error) !== 'RPC_CLOSED') notices.add(() => tell(error, port));
  }
}

async function tell(error: unknown, port: number): Promise<void> {
  const openSettings = t('Open Settings');
  const message =
    codeOf(error) === 'METRICS_PORT_TAKEN'
      ? t(
          'Port {0} is taken, maybe by another window. The sessions of this window are not in the metrics.',
          `${port}`,
        )
      : engineText(messageOf(error));
  if ((await showWarningMessage(message, openSettings)) !== openSettings) return;
  await vscode.commands.executeCommand('workbench.action.openSettings', setting);
}

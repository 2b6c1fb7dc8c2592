import { t } from '@vscode/l10n';
import { runJob } from '../engine/jobs.ts';
import type { Services } from '../services.ts';
import { readHttpSettings } from '../settings.ts';
import { showInformationMessage } from '../window.ts';

/** Downloads a Chromium for the `browser` source. Gives whether there is one now. */
export async function installBrowser(services: Services): Promise<boolean> {
  const http = readHttpSettings();
  const installed = await runJob(services, t('Installing a browser'), (job) =>
    services.engine.request('installBrowser', { job, http }, 0),
  );
  if (!installed) return false;
  const { executable, version } = installed;
  services.log.info(`Installed ${executable}`);
  // Not awaited: a message that stays open holds nothing up.
  void showInformationMessage(t('{0} is installed.', version ?? 'Chromium'));
  return true;
}

import { t } from '@vscode/l10n';
import type { SessionRef } from '../../protocol/worker.ts';
import type { Services } from '../services.ts';
import { runInTerminal } from '../collections/terminal.ts';
import { showInformationMessage } from '../window.ts';

/**
 * Says once that a run belongs to its window, and offers the terminal, where it does not depend on the extension. "Don't Show Again" is for good;
 * a message that was only closed comes back with the next window's first run.
 */
export async function tellThatClosingStops(services: Services, ref: SessionRef): Promise<void> {
  const { memory } = services;
  if (!memory.takeClosingNotice()) return;
  const move = t('Move to Terminal');
  const never = t('Don’t Show Again');
  const chosen = await showInformationMessage(
    t(
      'Closing this window stops the run safely, and Resume goes on where it was. To run it apart from the window, use cf-collect in a terminal.',
    ),
    move,
    never,
  );
  if (chosen === never) await memory.rememberThatClosingStops();
  if (chosen !== move) return;
  await memory.rememberThatClosingStops();
  await services.runs.stop(ref);
  await runInTerminal(services, ref.workspace, ['resume', ref.session]);
}

import { t } from '@vscode/l10n';
import { pickCollection, type CommandTarget } from '../sessions/pick.ts';
import type { Services } from '../services.ts';

/** Opens the picker of the collection that a target names, or that a person chooses. */
export async function pickFields(
  { pickers, samples }: Services,
  target: CommandTarget,
): Promise<void> {
  const file = await pickCollection(target, t('Which collection do you want to pick fields for?'));
  if (!file) return;
  await samples.before(file);
  await pickers.open(file);
}

import { t } from '@vscode/l10n';
import type { Formats } from '../../core/format.ts';
import type { InDoubtWord } from '../../core/recoveryData.ts';
import { inDoubtPhrase, type Recovery } from '../text/recoveryText.ts';
import { showWarningMessage } from '../window.ts';

/**
 * Asks for a person's word on paid calls of which nobody knows whether they left: nothing is paid for twice without it.
 * Undefined when they gave none.
 */
export async function askInDoubt(
  formats: Formats,
  question: string,
  { plan }: Recovery,
  lines: readonly string[],
): Promise<InDoubtWord | undefined> {
  const spent = t('Count as Spent');
  const repeat = t('Make Them Again');
  const chosen = await showWarningMessage(
    question,
    {
      modal: true,
      detail: [
        inDoubtPhrase(plan.collector.money, formats),
        t('Count as Spent: they are not made again, and their units are failed.'),
        t('Make Them Again: they may be paid for twice.'),
        ...lines,
      ].join('\n\n'),
    },
    spent,
    repeat,
  );
  if (chosen === spent) return 'count-as-spent';
  return chosen === repeat ? 'repeat' : undefined;
}

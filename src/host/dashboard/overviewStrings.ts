import { t } from '@vscode/l10n';
import type { OverviewStrings } from '../../protocol/overview.ts';
import { stateWord } from '../text/phrases.ts';

/** The words of the page of all sessions in the editor's language. */
export function overviewStrings(): OverviewStrings {
  return {
    title: t('Collector Sessions'),
    'state.active': stateWord('active'),
    'state.paused': stateWord('paused'),
    'state.stopped': stateWord('stopped'),
    'state.interrupted': stateWord('interrupted'),
    'state.faulted': stateWord('faulted'),
    'state.completed': stateWord('completed'),
    'state.held': t('Running Elsewhere'),
    'button.open': t('Open Dashboard'),
    'button.pause': t('Pause'),
    'button.resume': t('Resume'),
    'button.stop': t('Stop'),
    'button.newCollection': t('New Collection'),
    'button.openSample': t('Open Sample Collection'),
    'buttonLabel.open': t('Open the dashboard of {0}'),
    'buttonLabel.pause': t('Pause {0}'),
    'buttonLabel.resume': t('Resume {0}'),
    'buttonLabel.stop': t('Stop {0}'),
    'column.session': t('Session'),
    'column.state': t('State'),
    'column.records': t('Records'),
    'column.rate': t('Rate'),
    'column.progress': t('Progress'),
    'column.money': t('Money'),
    'column.failed': t('Failed'),
    'column.actions': t('Actions'),
    'summary.none': t('Nothing is running in this window.'),
    'summary.running': t('{0} running'),
    'summary.rate': t('{0} records per second'),
    'summary.spent': t('{0} spent by those that run'),
    'progress.units': t('{0} of {1} units ({2})'),
    'progress.timeLeft': t('about {0} left'),
    'progress.timeLeftUnknown': t('time left unknown'),
    'money.spentOf': t('{0} of {1}'),
    'money.reserved': t('{0} set aside'),
    perSecond: t('{0}/s'),
    merge: t('Merge'),
    empty: t('There is no session yet.'),
    emptyHint: t(
      'A session is a collection being carried out. Start one, or try the sample: it needs no account and no internet.',
    ),
    more: t('Show {0} More'),
    requestFailed: t('That did not work: {0}'),
  };
}

import { t } from '@vscode/l10n';
import type { DashboardStrings } from '../protocol/webview.ts';

/** The dashboard's words in the editor's language. */
export function dashboardStrings(): DashboardStrings {
  return {
    'state.active': t('Running'),
    'state.paused': t('Paused'),
    'state.stopped': t('Stopped'),
    'state.interrupted': t('Interrupted'),
    'state.faulted': t('Faulted'),
    'state.completed': t('Completed'),
    'state.held': t('Running Elsewhere'),
    'button.pause': t('Pause'),
    'button.resume': t('Resume'),
    'button.stop': t('Stop'),
    'button.openMaster': t('Open Master'),
    'button.openLog': t('Open Log'),
    openCollection: t('Open the collection file'),
    merge: t('Merge'),
    session: t('Session {0}'),
    moreRows: t('{0} more are not shown.'),
    requestFailed: t('That did not work: {0}'),

    'section.figures': t('Figures'),
    'section.progress': t('Progress by Units'),
    'section.rate': t('Rate, Last Two Minutes'),
    'section.inFlight': t('Units in Flight'),
    'section.errors': t('Last Errors'),
    'section.hosts': t('Hosts'),

    'figure.elapsed': t('Elapsed Time'),
    'figure.done': t('Successful Pages'),
    'figure.failed': t('Failed Pages'),
    'figure.skipped': t('Skipped'),
    'figure.blocked': t('Blocked (Robots)'),
    'figure.records': t('Total Entries'),
    'figure.duplicates': t('Duplicates'),
    'figure.rejected': t('Rejected'),
    'figure.notYetSafe': t('Received, Not Yet Safe'),
    'figure.rate': t('Avg Entries/sec'),
    'figureHint.elapsed': t('Time spent working, over all starts and resumes.'),
    'figureHint.done': t('Units that are done: every record durable, the source read to its end.'),
    'figureHint.failed': t('Units that were given up after their last attempt.'),
    'figureHint.skipped': t(
      'Units out of scope, over a limit, or collected by an earlier session.',
    ),
    'figureHint.blocked': t('Units that robots.txt forbids.'),
    'figureHint.records': t('Records in the master file, each of them synced to disk.'),
    'figureHint.duplicates': t('Records that the master file already had.'),
    'figureHint.rejected': t('Records that were refused; they are in the rejected file.'),
    'figureHint.notYetSafe': t('Records received whose commit is not on disk yet.'),
    'figureHint.rate': t('Mean of the last ten one-second samples.'),

    'progress.units': t('{0} of {1} units ({2})'),
    'progress.timeLeft': t('about {0} left'),
    'progress.timeLeftUnknown': t('time left unknown'),
    'progress.none': t('No units yet'),
    'unit.pending': t('Pending'),
    'unit.in_progress': t('In Progress'),
    'unit.done': t('Done'),
    'unit.failed': t('Failed'),
    'unit.skipped': t('Skipped'),
    'unit.blocked': t('Blocked'),

    'chart.time': t('Time'),
    'chart.records': t('Records per second'),
    'chart.units': t('Units per second'),
    'chart.summary': t('Chart of the last two minutes: {0} records per second now, {1} at most'),

    'column.unit': t('Unit'),
    'column.host': t('Host'),
    'column.attempt': t('Try'),
    'column.age': t('For'),
    'column.time': t('Time'),
    'column.error': t('Error'),
    'column.outcome': t('Then'),
    'column.status': t('Status'),
    'column.requests': t('Requests'),
    'column.failures': t('Failures'),
    'column.response': t('Avg Time'),
    'column.circuit': t('Sending'),
    'column.lastError': t('Last Error'),
    'outcome.retried': t('Tried again'),
    'outcome.final': t('Given up'),
    'health.healthy': t('Healthy'),
    'health.degraded': t('Degraded'),
    'health.critical': t('Critical'),
    'health.offline': t('Offline'),
    'circuit.closed': t('Yes'),
    'circuit.half-open': t('Trying one'),
    'circuit.open': t('Waiting until {0}'),

    'empty.rate': t('The rate is drawn here while the session runs.'),
    'empty.inFlight': t('Nothing is in flight at the moment.'),
    'empty.errors': t('No errors.'),
    'empty.hosts': t('No host has been asked since the session was opened.'),

    'advice.starting': t('Starting. The first records appear here as soon as they are on disk.'),
    'advice.held': t(
      'Another process carries this session out: process {0} on {1}, since {2}. It can be paused or stopped there.',
    ),
    'advice.pausedByUser': t(
      'Paused. Nothing new is asked for, and everything received is on disk. Resume goes on from here.',
    ),
    'advice.pausedDiskFull': t('Free some space on the disk, then press Resume. Nothing is lost.'),
    'advice.pausedBudget': t(
      'The budget is used up. Raise limits.maxUsd in the collection file and press Resume to go on.',
    ),
    'advice.pausedInDoubt': t(
      'Nobody can tell whether a paid call went through, so it is not made again without you. See the log.',
    ),
    'advice.pausedSetup': t(
      'Something that the collection needs is missing. Put it right, then press Resume.',
    ),
    'advice.stoppedByUser': t('Stopped. Everything received is on disk. Resume goes on from here.'),
    'advice.stoppedByWindow': t(
      'Stopped because the window closed. Everything received is on disk. Resume goes on from here.',
    ),
    'advice.stoppedBySignal': t(
      'Stopped in the terminal. Everything received is on disk. Resume goes on from here.',
    ),
    'advice.stoppedByGuard': t('Stopped by a limit. Resume goes on once the reason is dealt with.'),
    'advice.interrupted': t(
      'The process that ran this session ended without a word; its last sign of life is from {0}. Every record counted here is on disk. Resume checks the files and goes on from there.',
    ),
    'advice.faulted': t(
      'The files can’t be trusted until the session is opened again, so nothing more was written. Records counted here are on disk. See the log, then press Resume: it checks every file first.',
    ),
    'advice.completed': t(
      'Complete: every unit has ended, and {0} records are in the master file.',
    ),
    'advice.completedWithFailures': t(
      'Complete, but not whole: {0} failed. The errors are below and under Failed Units in the Collector view.',
    ),
    'advice.completedTarget': t(
      'Complete: the target of {0} records is reached. Raise limits.target in the collection file to collect more.',
    ),
    'advice.completedEmpty': t(
      'Complete, but without a record. Check the selectors or paths under "fields" and "items" in the collection file.',
    ),
  };
}

import { t } from '@vscode/l10n';
import { assertNever } from '../../core/assert.ts';
import type { Formats } from '../../core/format.ts';
import type {
  DataFileFinding,
  InterruptionAnalysis,
  InterruptionCauseType,
  KnownUnits,
  MoneyState,
  RecoveryPlan,
} from '../../core/recoveryData.ts';
import type { VenueYear } from '../../core/venueYear.ts';
import { groupName } from './checkpointText.ts';
import {
  bullets,
  escapeText,
  factTable,
  page,
  section,
  shortList,
  table,
  type Row,
} from './markdown.ts';
import { joinParts, recordsPhrase, unitsPhrase } from './phrases.ts';

/** What the engine says about a session that nobody carries out. */
export interface Recovery {
  readonly analysis: InterruptionAnalysis;
  readonly plan: RecoveryPlan;
}

/**
 * What happened to a session, what is safe and what resuming it will do and cost, as a page that a person reads.
 * Markdown.
 *
 * @param checkpoint the older checkpoint that it would be resumed from; null for where it ended.
 */
export function recoveryMarkdown(
  { analysis, plan }: Recovery,
  about: { readonly name: string; readonly checkpoint: string | null },
  formats: Formats,
): string {
  return page([
    `# ${t('Recovery plan')}: ${escapeText(about.name)}`,
    escapeText(analysis.session_id),
    ...section(t('What waits for you'), bullets(waitingFor({ analysis, plan }, formats))),
    ...section(t('In short'), bullets(inShort({ analysis, plan }, formats))),
    ...whatHappened(analysis, formats),
    ...whatIsKnown(analysis, formats),
    ...whatResumingDoes(plan, about.checkpoint, formats),
    ...money(analysis.collector.money, formats),
    ...section(t('Risks'), bullets(plan.risk_assessment)),
    ...section(t('Worth checking afterwards'), bullets(plan.recommended_validation_steps)),
  ]);
}

/** What keeps a session from being resumed until a person has done something; empty when nothing does. */
function waitingFor({ analysis, plan }: Recovery, formats: Formats): readonly string[] {
  const { needs_a_word: needsWord, money } = plan.collector;
  return needsWord
    ? [...analysis.blocking_issues, inDoubtPhrase(money, formats)]
    : analysis.blocking_issues;
}

/** How many paid calls wait for a person's word, and how much money is in them. */
export function inDoubtPhrase(
  { in_doubt: calls, in_doubt_micro_usd: reserved }: MoneyState,
  formats: Formats,
): string {
  return calls.length === 1
    ? t('1 paid call ({0}) may or may not have left.', formats.usd(reserved))
    : t(
        '{0} paid calls ({1} together) may or may not have left.',
        formats.count(calls.length),
        formats.usd(reserved),
      );
}

/** What resuming will do and cost, in a few sentences: what a person is told before they confirm. */
export function resumeSummary({ plan }: Recovery, formats: Formats): readonly string[] {
  const { units_to_do: toDo, units_again: again, may_grow: mayGrow, money } = plan.collector;
  if (toDo === 0) return [t('Nothing is left to do.')];
  const units = unitsPhrase(toDo, formats);
  const lines = [
    mayGrow
      ? t('{0} will be worked on, and what is found on the way.', units)
      : t('{0} will be worked on.', units),
  ];
  if (again > 0) {
    lines.push(
      t(
        'Of those, {0} were done after this checkpoint and are collected again. Records that the master already has are not written twice.',
        unitsPhrase(again, formats),
      ),
    );
  } else {
    lines.push(t('Nothing that is done is collected again.'));
  }
  const cost = costPhrase(plan, formats);
  if (cost !== '') lines.push(t('Estimated: {0}.', cost));
  if (money.safe_micro_usd > 0) {
    lines.push(
      t(
        '{0} are spent; what was paid for is on disk and is not paid for again.',
        formats.usd(money.safe_micro_usd),
      ),
    );
  }
  return lines;
}

/** `about 120 calls, 0:03:10, $0.40`; empty when nothing can be estimated. */
function costPhrase({ collector }: RecoveryPlan, formats: Formats): string {
  const { estimated_calls: calls, estimated_minutes: minutes } = collector;
  const { estimated_micro_usd: microUsd } = collector;
  const parts: string[] = [];
  if (calls !== null) {
    parts.push(calls === 1 ? t('1 call') : t('{0} calls', formats.count(calls)));
  }
  if (minutes !== null) parts.push(formats.duration(minutes * 60_000));
  if (microUsd !== null) {
    parts.push(microUsd === 0 ? t('nothing to pay') : formats.usd(microUsd));
  }
  return parts.join(', ');
}

function inShort({ analysis, plan }: Recovery, formats: Formats): readonly string[] {
  const { interruption_cause: cause, interruption_time: time } = analysis;
  const why = causeWord(cause.cause_type);
  return [
    time === null
      ? t('Ended: {0}.', why)
      : t('Ended {0}: {1}.', formats.dateTime(Date.parse(time)), why),
    t('On disk: {0}.', recordsPhrase(analysis.estimated_papers_collected, formats)),
    ...resumeSummary({ analysis, plan }, formats),
  ];
}

function whatHappened(analysis: InterruptionAnalysis, formats: Formats): readonly string[] {
  const { interruption_cause: cause, interruption_time: time, collector } = analysis;
  const rows: Row[] = [
    [
      t('Cause'),
      t('{0}, {1} certain', causeWord(cause.cause_type), formats.percent(cause.confidence)),
    ],
    [t('When'), time === null ? t('unknown') : formats.dateTime(Date.parse(time))],
    [t('Last thing done'), analysis.last_successful_operation],
    [t('Recovery'), complexityWord(analysis.recovery_complexity)],
  ];
  const { torn_bytes: torn, gaps } = collector.journal;
  if (torn > 0) rows.push([t('Torn end of the journal'), formats.bytes(torn)]);
  if (gaps > 0) rows.push([t('Damaged places in the journal'), formats.count(gaps)]);
  if (collector.deaths > 1) {
    rows.push([t('Starts that ended without a word'), formats.count(collector.deaths)]);
  }
  return [
    ...section(t('What happened'), factTable(rows)),
    ...subsection(t('What speaks for it'), bullets(cause.evidence)),
    ...subsection(t('What it means'), bullets(cause.recovery_implications)),
  ];
}

function whatIsKnown(analysis: InterruptionAnalysis, formats: Formats): readonly string[] {
  const { collector } = analysis;
  const units = (name: string, { count, keys }: KnownUnits): readonly Row[] =>
    count === 0
      ? []
      : [[name, keys.length === 0 ? formats.count(count) : unitsText(count, keys, formats)]];
  const files = (name: string, paths: readonly string[]): readonly Row[] =>
    paths.length === 0 ? [] : [[name, shortList(paths, formats, { shown: 5 })]];
  const lost = analysis.estimated_papers_lost;
  const known = collector.groups;
  const rows: Row[] = [
    [t('Records on disk'), formats.count(analysis.estimated_papers_collected)],
    [t('Records lost'), lost === 0 ? t('none') : formats.count(lost)],
    [t('Units done'), formats.count(collector.units_done.count)],
    ...units(t('Units cut short'), collector.units_in_progress),
    [t('Units to go'), formats.count(collector.units_pending.count)],
    ...units(t('Units failed'), collector.units_failed),
    ...groups(t('Groups complete'), analysis.venues_definitely_completed, formats, known.completed),
    ...groups(t('Groups in part'), analysis.venues_possibly_incomplete, formats, known.incomplete),
    ...groups(
      t('Groups of which nothing is known'),
      analysis.venues_unknown_status,
      formats,
      known.unknown,
    ),
    ...groups(t('Groups not started'), analysis.venues_not_started, formats, known.not_started),
    [t('Checkpoints that are good'), formats.count(analysis.valid_checkpoints.length)],
    ...files(t('Damaged checkpoints'), analysis.corrupted_checkpoints),
    ...files(t('Missing checkpoints'), analysis.missing_checkpoints),
    [t('Index'), indexWord(collector.index)],
  ];
  return [
    ...section(t('What is safe'), factTable(rows)),
    ...subsection(
      t('Data files'),
      table(
        [t('File'), t('In the journal'), t('On disk'), t('State')],
        collector.data_files.map((file) => [
          file.file,
          formats.bytes(file.journalled_bytes),
          file.actual_bytes === null ? '–' : formats.bytes(file.actual_bytes),
          fileState(file, formats),
        ]),
        [1, 2],
      ),
    ),
  ];
}

/** What was found in a data file, in words. */
function fileState(file: DataFileFinding, formats: Formats): string {
  const { actual_bytes: actual, damaged, records_to_adopt: adopt, torn_bytes: torn } = file;
  if (actual === null) return t('missing');
  const parts: string[] = [];
  if (damaged.length > 0) {
    const lines = damaged.reduce((total, range) => total + range.lines, 0);
    parts.push(t('changed since it was written, in {0} lines', formats.count(lines)));
  }
  if (adopt > 0)
    parts.push(t('{0} after the journal’s end are kept', recordsPhrase(adopt, formats)));
  if (torn > 0) parts.push(t('{0} are torn', formats.bytes(torn)));
  return parts.length === 0 ? t('good') : joinParts(parts);
}

function whatResumingDoes(
  plan: RecoveryPlan,
  checkpoint: string | null,
  formats: Formats,
): readonly string[] {
  const { collector } = plan;
  const from = checkpoint ?? plan.optimal_checkpoint_id;
  const { may_grow: mayGrow, estimated_by: by } = collector;
  const atLeast = (text: string) => (mayGrow ? t('{0}, and what they bring', text) : text);
  const rows: Row[] = [
    [t('Way'), strategyWord(plan.resumption_strategy, checkpoint)],
    ...(from === null ? [] : ([[t('Checkpoint'), from]] satisfies Row[])),
    [t('Units to do'), atLeast(formats.count(collector.units_to_do))],
    ...counted(t('Of those collected again'), collector.units_again, formats),
    ...counted(t('Of those tried again'), collector.units_retried, formats),
    ...counted(t('Of those begun in part'), collector.units_at_cursor, formats),
    [t('Calls'), estimate(collector.estimated_calls, formats.count)],
    [t('Time'), estimate(collector.estimated_minutes, (value) => formats.duration(value * 60_000))],
    [t('Money'), estimate(collector.estimated_micro_usd, formats.usd)],
    ...(by === null ? [] : ([[t('Estimated by'), by]] satisfies Row[])),
    ...groups(t('Groups that stay as they are'), plan.venues_to_skip, formats),
    ...groups(t('Groups to go on with'), plan.venues_to_resume, formats),
    ...groups(t('Groups to begin again'), plan.venues_to_restart, formats),
    ...groups(t('Groups to check'), plan.venues_to_validate, formats),
    [t('Confidence'), formats.percent(plan.confidence_score)],
  ];
  return [
    ...section(t('What resuming does'), factTable(rows)),
    ...subsection(t('Copied aside and cut'), bullets(plan.corrupted_data_to_discard)),
  ];
}

function money(state: MoneyState, formats: Formats): readonly string[] {
  const { safe_micro_usd: safe, in_doubt_micro_usd: doubt, lost_micro_usd: lost } = state;
  const fetched = state.to_be_fetched_micro_usd;
  if (safe + doubt + lost + fetched === 0 && state.in_doubt.length === 0) return [];
  const calls = state.in_doubt.map(({ what, unit, reserved_micro_usd: reserved, intent }) => [
    what,
    unit,
    formats.usd(reserved),
    intent,
  ]);
  return [
    ...section(
      t('Money'),
      factTable([
        [t('Paid, answers on disk'), formats.usd(safe)],
        [t('In doubt'), formats.usd(doubt)],
        [t('Paid, answers to be fetched'), formats.usd(fetched)],
        [t('Paid, answers gone'), formats.usd(lost)],
      ]),
    ),
    ...subsection(
      t('Calls in doubt'),
      table([t('Call'), t('Unit'), t('Reserved'), t('Intent')], calls, [2]),
    ),
  ];
}

function counted(name: string, count: number, formats: Formats): readonly Row[] {
  return count === 0 ? [] : [[name, formats.count(count)]];
}

function subsection(title: string, body: string): readonly string[] {
  return body === '' ? [] : [`### ${title}`, body];
}

function groups(
  name: string,
  venues: readonly VenueYear[],
  formats: Formats,
  count = venues.length,
): readonly Row[] {
  if (venues.length === 0) return [];
  return [[name, shortList(venues.map(groupName), formats, { count })]];
}

function unitsText(count: number, keys: readonly string[], formats: Formats): string {
  return t('{0}: {1}', formats.count(count), shortList(keys, formats, { count, shown: 5 }));
}

function estimate(value: number | null, format: (value: number) => string): string {
  return value === null ? t('unknown') : t('about {0}', format(value));
}

/** Why a session ended. */
function causeWord(cause: InterruptionCauseType): string {
  switch (cause) {
    case 'user_stop':
      return t('stopped by a person');
    case 'window_closed':
      return t('its window was closed');
    case 'process_killed':
      return t('its process was killed');
    case 'system_crash':
      return t('the machine went down');
    case 'network_failure':
      return t('the network was gone');
    case 'api_failure':
      return t('the source did not answer as it should');
    case 'authentication_failure':
      return t('the source refused the credentials');
    case 'disk_full':
      return t('the disk was full');
    case 'memory_error':
      return t('memory ran out');
    case 'storage_fault':
      return t('its files could not be trusted any more');
    case 'budget_reached':
      return t('its budget was used up');
    case 'in_doubt':
      return t('paid calls are in doubt');
    case 'setup_missing':
      return t('something that it needs was missing');
    case 'completed':
      return t('it is complete');
    case 'still_running':
      return t('it is running');
    case 'unknown':
      return t('unknown');
    default:
      return assertNever(cause, 'cause');
  }
}

function strategyWord(
  strategy: RecoveryPlan['resumption_strategy'],
  checkpoint: string | null,
): string {
  switch (strategy) {
    case 'from_last_checkpoint':
      return checkpoint === null ? t('go on where it ended') : t('go back to the checkpoint');
    case 'from_venue_start':
      return t('begin groups that were cut short again');
    case 'partial_restart':
      return t('begin some groups again');
    case 'full_restart':
      return t('begin from the start');
    default:
      return assertNever(strategy, 'strategy');
  }
}

function complexityWord(complexity: InterruptionAnalysis['recovery_complexity']): string {
  switch (complexity) {
    case 'trivial':
      return t('nothing to repair');
    case 'simple':
      return t('simple');
    case 'complex':
      return t('complex');
    case 'problematic':
      return t('needs a person');
    default:
      return assertNever(complexity, 'complexity');
  }
}

function indexWord(index: InterruptionAnalysis['collector']['index']): string {
  switch (index) {
    case 'usable':
      return t('usable');
    case 'stale':
      return t('behind; caught up when it is opened');
    case 'missing':
      return t('missing; made again when it is opened');
    case 'damaged':
      return t('damaged; made again when it is opened');
    default:
      return assertNever(index, 'index');
  }
}

import { dollars } from '../core/format.ts';
import { assertNever } from '../core/assert.ts';
import type {
  InterruptionAnalysis,
  InterruptionCauseType,
  MoneyState,
  RecoveryPlan,
} from '../core/recoveryData.ts';
import type { Assessment } from '../engine/recovery/assess.ts';

/** What happened to a session and what resuming it will do, in the lines of `show`. */
export function assessmentLines({ analysis, plan }: Assessment): string[] {
  return [
    ...analysisLines(analysis),
    ...moneyLines(plan.collector.money),
    ...planLines(plan, analysis),
  ];
}

function analysisLines(analysis: InterruptionAnalysis): string[] {
  const { interruption_cause: cause, recovery_complexity: complexity, collector } = analysis;
  const lost = analysis.estimated_papers_lost;
  const { torn_bytes: torn, gaps } = collector.journal;
  const checkpoints = [
    counted(analysis.valid_checkpoints.length, 'whole'),
    counted(analysis.corrupted_checkpoints.length, 'damaged'),
    counted(analysis.missing_checkpoints.length, 'missing'),
  ].filter((text) => text !== '');
  return [
    ...labelled('ended', [
      `${causeWords(cause.cause_type)}${cause.confidence < 1 ? `, ${Math.round(cause.confidence * 100)} % sure` : ''}${complexity === 'trivial' ? '' : `, ${complexity} to recover`}`,
      ...cause.evidence,
    ]),
    ...(lost > 0 ? labelled('lost', [`${lost} records can't be read any more`]) : []),
    ...(torn > 0 ? labelled('journal', [`${torn} bytes torn off at its end`]) : []),
    ...(gaps > 0 ? labelled('journal', [`damaged in ${gaps} places`]) : []),
    ...(collector.index === 'usable'
      ? []
      : labelled('index', [`${collector.index}, will be rebuilt`])),
    ...(checkpoints.length > 0 ? labelled('snapshots', [checkpoints.join(', ')]) : []),
  ];
}

function moneyLines(money: MoneyState): string[] {
  const parts = [
    dollarsOf(money.safe_micro_usd, 'safe'),
    dollarsOf(money.in_doubt_micro_usd, 'in doubt'),
    dollarsOf(money.to_be_fetched_micro_usd, 'with answers still to be fetched'),
    dollarsOf(money.lost_micro_usd, 'lost'),
  ].filter((text) => text !== '');
  return parts.length === 0 ? [] : labelled('money', [parts.join(', ')]);
}

function planLines(
  plan: RecoveryPlan,
  { blocking_issues: blocking }: InterruptionAnalysis,
): string[] {
  const { units_to_do: toDo, units_again: again, units_retried: retried } = plan.collector;
  const waiting = blocking.length === 0 ? [] : labelled('waits for', blocking);
  if (toDo === 0) return waiting;
  const { units_at_cursor: atCursor, checkpoint } = plan.collector;
  const parts = [
    counted(atCursor, 'at a cursor'),
    counted(again, 'again'),
    counted(retried, 'that failed'),
  ].filter((text) => text !== '');
  const from =
    checkpoint === null ? '' : ` from journal line ${checkpoint.line} (${checkpoint.id})`;
  return [
    ...waiting,
    ...labelled('resuming', [
      `${toDo} ${toDo === 1 ? 'unit' : 'units'} to do${parts.length === 0 ? '' : ` (${parts.join(', ')})`}${from}`,
      ...costLines(plan),
    ]),
    ...(plan.estimated_papers_to_recover > 0
      ? labelled('adopts', [
          `${plan.estimated_papers_to_recover} records that the journal does not know`,
        ])
      : []),
    ...(plan.corrupted_data_to_discard.length > 0
      ? labelled('sets aside', plan.corrupted_data_to_discard)
      : []),
    ...(plan.risk_assessment.length > 0 ? labelled('mind', plan.risk_assessment) : []),
    ...(plan.recommended_validation_steps.length > 0
      ? labelled('check with', plan.recommended_validation_steps)
      : []),
  ];
}

function costLines({ collector }: RecoveryPlan): string[] {
  const {
    estimated_calls: calls,
    estimated_minutes: minutes,
    estimated_micro_usd: usd,
  } = collector;
  if (calls === null) return ['what it takes is not known yet: nothing was done so far'];
  const parts = [
    `${collector.may_grow ? 'at least' : 'about'} ${calls} calls`,
    ...(minutes === null ? [] : [durationWords(minutes)]),
    usd === null ? 'unknown cost' : usd === 0 ? 'no money' : dollars(usd),
  ];
  const basis = collector.estimated_by === null ? '' : ` (${collector.estimated_by} so far)`;
  return [`${parts.join(', ')}${basis}`];
}

/** A label and its lines, in the columns of `show`. */
function labelled(label: string, texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.split('\n'))
    .map((text, i) => `${(i === 0 ? label : '').padEnd(12)} ${text}`);
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}`;
}

function durationWords(minutes: number): string {
  return minutes < 1 ? `${Math.max(1, Math.round(minutes * 60))} s` : `${minutes.toFixed(1)} min`;
}

function dollarsOf(microUsd: number, what: string): string {
  return microUsd === 0 ? '' : `${dollars(microUsd)} ${what}`;
}

function causeWords(cause: InterruptionCauseType): string {
  switch (cause) {
    case 'user_stop':
      return 'stopped by a person';
    case 'window_closed':
      return 'its window was closed';
    case 'process_killed':
      return 'its process was killed';
    case 'system_crash':
      return 'the machine was started again';
    case 'network_failure':
      return 'the network failed';
    case 'api_failure':
      return 'the other side failed';
    case 'authentication_failure':
      return 'the other side refused access';
    case 'disk_full':
      return 'the disk was full';
    case 'memory_error':
      return 'it ran out of memory';
    case 'storage_fault':
      return 'the storage failed';
    case 'budget_reached':
      return 'its budget was reached';
    case 'in_doubt':
      return 'paid calls wait for a word';
    case 'setup_missing':
      return 'something that it needs is missing';
    case 'completed':
      return 'completed';
    case 'still_running':
      return 'it is being carried out';
    case 'unknown':
      return 'it is not known why';
    default:
      return assertNever(cause, 'cause');
  }
}

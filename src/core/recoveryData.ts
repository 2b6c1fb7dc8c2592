import type { FileRole } from './events.ts';
import type { JsonObject } from './json.ts';
import type { VenueYear } from './venueYear.ts';

/**
 * What is known of a session that ended, what resuming it will do, and what it did: the second earlier system's three
 * records, with its field names, and what it did not know in `collector` blocks. Every field is derived from bytes on
 * disk; where nothing is known a field says so (null, an empty list), and is never a made-up constant.
 */

/** Why a session ended. That system's causes, and those that it had no name for. */
export type InterruptionCauseType =
  | 'user_stop'
  | 'window_closed'
  | 'process_killed'
  | 'system_crash'
  | 'network_failure'
  | 'api_failure'
  | 'authentication_failure'
  | 'disk_full'
  | 'memory_error'
  | 'storage_fault'
  | 'budget_reached'
  | 'in_doubt'
  | 'setup_missing'
  | 'completed'
  | 'still_running'
  | 'unknown';

/** A cause with what speaks for it. */
export interface InterruptionCause {
  readonly cause_type: InterruptionCauseType;
  /** 0 to 1; 1 only where the journal says it itself. */
  readonly confidence: number;
  /** What was found, each with its place: `journal line 812: stopped (signal)`. */
  readonly evidence: readonly string[];
  readonly recovery_implications: readonly string[];
}

/** How many units, groups or files a record lists by name; the counts beside the lists are of all of them. */
export const maxNamed = 1000;

/** Units by what is known of them: all of them counted, the first {@link maxNamed} by their keys. */
export interface KnownUnits {
  readonly count: number;
  readonly keys: readonly string[];
}

/** What was found out about a session that is not being carried out. */
export interface InterruptionAnalysis {
  readonly session_id: string;
  readonly analysis_timestamp: string;
  /** Time of the last thing that is durable; null when nothing is. */
  readonly interruption_time: string | null;
  readonly last_successful_operation: string;
  readonly last_checkpoint_id: string | null;
  readonly venues_definitely_completed: readonly VenueYear[];
  readonly venues_possibly_incomplete: readonly VenueYear[];
  readonly venues_unknown_status: readonly VenueYear[];
  readonly venues_not_started: readonly VenueYear[];
  readonly corrupted_checkpoints: readonly string[];
  /** Named by the journal, not cleaned up, and not there. */
  readonly missing_checkpoints: readonly string[];
  /** Relative to the workspace folder. */
  readonly data_files_found: readonly string[];
  readonly data_files_corrupted: readonly string[];
  readonly valid_checkpoints: readonly string[];
  readonly recovery_complexity: 'trivial' | 'simple' | 'complex' | 'problematic';
  /** What keeps it from being resumed until a person does something. */
  readonly blocking_issues: readonly string[];
  readonly estimated_papers_collected: number;
  readonly estimated_papers_lost: number;
  readonly interruption_cause: InterruptionCause;
  readonly system_state_at_interruption: JsonObject;
  /** What that system did not know. */
  readonly collector: {
    readonly units_done: KnownUnits;
    readonly units_in_progress: KnownUnits;
    readonly units_pending: KnownUnits;
    readonly units_failed: KnownUnits;
    /** Groups, counted; the `venues_` lists name the first {@link maxNamed} of each. */
    readonly groups: {
      readonly completed: number;
      readonly incomplete: number;
      readonly unknown: number;
      readonly not_started: number;
    };
    readonly money: MoneyState;
    readonly journal: {
      readonly lines: number;
      readonly bytes: number;
      readonly torn_bytes: number;
      readonly gaps: number;
    };
    /** Every data file, with what was found in it. */
    readonly data_files: readonly DataFileFinding[];
    /** Starts that ended without saying so, this one included. */
    readonly deaths: number;
    /** How long reading all this took, milliseconds. */
    readonly read_ms: number;
    readonly index: 'usable' | 'stale' | 'missing' | 'damaged';
  };
}

/** What is known of a data file from its bytes. */
export interface DataFileFinding {
  /** Relative to the workspace folder. */
  readonly file: string;
  readonly role: FileRole;
  /** Where the last journalled range ends. */
  readonly journalled_bytes: number;
  /** null when the file is not there. */
  readonly actual_bytes: number | null;
  readonly last_modified: string | null;
  /** Journalled bytes whose sha256 was compared: the newest ones, up to a limit. `cf-collect validate` does all. */
  readonly checked_bytes: number;
  /** Journalled ranges that differ from what was written, or are not there. */
  readonly damaged: readonly {
    readonly offset: number;
    readonly bytes: number;
    readonly lines: number;
  }[];
  /** Whole good records after the journalled end: resuming keeps them. */
  readonly records_to_adopt: number;
  /** Bytes after those: copied aside and cut by resuming. */
  readonly torn_bytes: number;
}

/** Where money that was given out is, in millionths of a US dollar. */
export interface MoneyState {
  /** Paid, and its answers are durable. */
  readonly safe_micro_usd: number;
  /** Reserved by calls of which it is not known whether they left. */
  readonly in_doubt_micro_usd: number;
  /** Given out for calls that the other side has a name for: their answers are asked for by it, not bought again. */
  readonly to_be_fetched_micro_usd: number;
  /** Paid, and its answers are gone. */
  readonly lost_micro_usd: number;
  /** Calls that wait for a person's word. */
  readonly in_doubt: readonly {
    readonly intent: string;
    readonly what: string;
    readonly unit: string;
    readonly reserved_micro_usd: number;
  }[];
}

/**
 * A person's word on paid calls of which it is not known whether they left. Their money counts as spent either way;
 * `repeat`: they are made again, and may be paid for twice; `count-as-spent`: their units are failed.
 */
export type InDoubtWord = 'repeat' | 'count-as-spent';

/** What resuming will do, before it does anything. */
export interface RecoveryPlan {
  readonly session_id: string;
  /** `recovery_{session}_{epoch seconds}` */
  readonly plan_id: string;
  readonly created_at: string;
  /** `analysis_timestamp` of the analysis. */
  readonly based_on_analysis: string;
  readonly resumption_strategy:
    'from_last_checkpoint' | 'from_venue_start' | 'partial_restart' | 'full_restart';
  readonly optimal_checkpoint_id: string | null;
  readonly venues_to_skip: readonly VenueYear[];
  readonly venues_to_resume: readonly VenueYear[];
  readonly venues_to_restart: readonly VenueYear[];
  readonly venues_to_validate: readonly VenueYear[];
  readonly checkpoints_to_restore: readonly string[];
  readonly data_files_to_recover: readonly string[];
  /** Copied aside before it is cut: `data/raw/x.jsonl, 117 bytes from 20480`. */
  readonly corrupted_data_to_discard: readonly string[];
  readonly estimated_recovery_time_minutes: number;
  readonly estimated_papers_to_recover: number;
  readonly data_loss_estimate: number;
  readonly confidence_score: number;
  readonly recovery_confidence: number;
  readonly recommended_validation_steps: readonly string[];
  readonly risk_assessment: readonly string[];
  readonly collector: {
    /** Units that will be worked on. */
    readonly units_to_do: number;
    /** Of those, units that were done and are collected again because an older checkpoint was asked for. */
    readonly units_again: number;
    /** Of those, failed units that are tried again because that was asked for. */
    readonly units_retried: number;
    /** Of those, units that go on at a cursor in their middle. */
    readonly units_at_cursor: number;
    /** The checkpoint that was asked for, and its journal line; null: it goes on where it was left. */
    readonly checkpoint: { readonly id: string; readonly line: number } | null;
    /** Whether what is found may add units: then the estimates are the least that it takes. */
    readonly may_grow: boolean;
    /** What the estimates go by: `812 units took 1640 calls and 3.5 minutes`; null when nothing was done yet. */
    readonly estimated_by: string | null;
    /** Calls that they take, by what units have taken so far; null when nothing was done yet. */
    readonly estimated_calls: number | null;
    readonly estimated_minutes: number | null;
    /** By what units have cost so far; 0 for sources that cost nothing; null when unknown. */
    readonly estimated_micro_usd: number | null;
    readonly money: MoneyState;
    /** Whether resuming has to wait for a person's word. */
    readonly needs_a_word: boolean;
  };
}

/** One file that was looked at. */
export interface IntegrityCheckResult {
  readonly file_path: string;
  readonly integrity_status: 'valid' | 'corrupted' | 'missing' | 'partial';
  readonly checksum_valid: boolean;
  readonly size_expected: number;
  readonly size_actual: number;
  /** Bytes whose sha256 was compared. */
  readonly bytes_checked: number;
  readonly last_modified: string | null;
  readonly recovery_action: string | null;
}

/** One checkpoint that was looked at. */
export interface CheckpointValidation {
  readonly checkpoint_id: string;
  readonly is_valid: boolean;
  readonly validation_errors: readonly string[];
  /** That system's score: 1.0 less 0.5 checksum, 0.3 no venues, 0.2 counts off by more than 10 %, 0.4 wrong session. */
  readonly integrity_score: number;
  readonly can_be_used_for_recovery: boolean;
}

/** What resuming did. */
export interface SessionResumeResult {
  readonly session_id: string;
  readonly plan_id: string;
  readonly success: boolean;
  readonly recovery_start_time: string;
  readonly recovery_end_time: string;
  readonly recovery_duration_seconds: number;
  readonly checkpoints_recovered: number;
  readonly papers_recovered: number;
  readonly venues_recovered: number;
  readonly data_files_recovered: number;
  readonly recovery_steps_executed: readonly string[];
  readonly recovery_steps_failed: readonly string[];
  readonly data_integrity_checks: readonly IntegrityCheckResult[];
  readonly state_consistency_validated: boolean;
  readonly checkpoint_validation_results: readonly CheckpointValidation[];
  readonly session_state_after_recovery: JsonObject | null;
  readonly ready_for_continuation: boolean;
  readonly resume_warnings: readonly string[];
  readonly resume_errors: readonly string[];
  readonly partial_recovery_issues: readonly string[];
  /** What that system did not do. */
  readonly collector: {
    /** Units that moved on after the older checkpoint and were put back. */
    readonly units_again: number;
    /** Failed units that were put back. */
    readonly units_retried: number;
    /** Paid calls in doubt that a person's word has settled. */
    readonly calls_settled: number;
  };
}

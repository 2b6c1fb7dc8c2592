import { createHash } from 'node:crypto';
import type { CheckpointType, HostHealth } from './events.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { pythonJson } from './pythonJson.ts';
import type { VenueYear } from './venueYear.ts';

/** A checkpoint file: the second earlier system's fields, which it could read, and our own in `collector`. */
export interface CheckpointData {
  readonly checkpoint_id: string;
  readonly session_id: string;
  readonly checkpoint_type: CheckpointType;
  /** Local time without zone, as that system wrote it. */
  readonly timestamp: string;
  readonly venues_completed: readonly VenueYear[];
  readonly venues_in_progress: readonly VenueYear[];
  readonly venues_not_started: readonly VenueYear[];
  readonly papers_collected: number;
  readonly papers_by_venue: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly last_successful_operation: string;
  readonly api_health_status: Readonly<Record<string, JsonObject>>;
  readonly rate_limit_status: Readonly<Record<string, JsonObject>>;
  readonly error_context: JsonObject | null;
  /** See {@link checkpointChecksum}. */
  readonly checksum: string;
  readonly validation_status: 'valid' | 'corrupted' | 'incomplete';
  /** What that system did not know. */
  readonly collector: JsonObject;
}

/** The venue and year that a group's name stands for: "iclr_2024" is ICLR in 2024. */
export function venueYear(group: string): VenueYear {
  const match = /^(.+)_(\d{4})$/.exec(group);
  return match?.[1] === undefined ? [group, 0] : [match[1], Number(match[2])];
}

/** What {@link checkpointChecksum} covers. */
export type ChecksummedFields = Pick<
  CheckpointData,
  | 'session_id'
  | 'timestamp'
  | 'venues_completed'
  | 'venues_in_progress'
  | 'papers_collected'
  | 'papers_by_venue'
  | 'last_successful_operation'
>;

/**
 * The second earlier system's checksum: sha256 of Python's sorted JSON over seven of the fields. It leaves the others
 * uncovered, so `.meta` beside the file has the sha256 of every byte.
 */
export function checkpointChecksum(data: ChecksummedFields): string {
  const covered: JsonValue = {
    session_id: data.session_id,
    timestamp: data.timestamp,
    venues_completed: sortVenues(data.venues_completed),
    venues_in_progress: sortVenues(data.venues_in_progress),
    papers_collected: data.papers_collected,
    papers_by_venue: data.papers_by_venue,
    last_successful_operation: data.last_successful_operation,
  };
  return createHash('sha256').update(pythonJson(covered)).digest('hex');
}

function sortVenues(venues: readonly VenueYear[]): VenueYear[] {
  return [...venues].sort(([a, y], [b, z]) => (a === b ? y - z : a < b ? -1 : 1));
}

/** A host's health in that system's `APIHealthStatus`. */
export function apiHealthStatus(health: HostHealth): JsonObject {
  return {
    api_name: health.host,
    status: health.status,
    success_rate: health.requests === 0 ? 1 : 1 - health.failures / health.requests,
    avg_response_time_ms: health.avgResponseMs,
    consecutive_errors: health.consecutiveErrors,
    last_error:
      health.lastError === undefined
        ? null
        : {
            error_type: health.lastError.code,
            message: health.lastError.message,
            timestamp: health.lastError.at,
          },
    last_successful_request: health.lastSuccessAt ?? null,
  };
}

/** A host's waiting in that system's `RateLimitStatus`. */
export function rateLimitStatus(health: HostHealth, perSecond: number | undefined): JsonObject {
  return {
    api_name: health.host,
    requests_in_window: health.requests,
    window_capacity: perSecond === undefined ? 0 : Math.ceil(perSecond),
    next_available_slot: health.notBefore ?? null,
    current_delay_seconds: perSecond === undefined ? 0 : 1 / perSecond,
    health_multiplier: health.circuit === 'closed' ? 1 : 0,
  };
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff` in local time without zone, as Python's `datetime.now().isoformat()`. */
export function localIso(epochMs: number): string {
  const d = new Date(epochMs);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  const ms = d.getMilliseconds();
  return ms === 0 ? `${day}T${time}` : `${day}T${time}.${String(ms).padStart(3, '0')}000`;
}

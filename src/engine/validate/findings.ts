import {
  maxFindings,
  type CheckName,
  type Finding,
  type TargetReport,
  type ValidationCheck,
} from '../../core/validation.ts';

/** Where something is. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

interface CheckState {
  checked: number;
  errors: number;
  count: number;
  reason: string | undefined;
  isSkipped: boolean;
  readonly listed: Finding[];
}

/** What the checks of one target have found so far. Everything is counted; only so much is listed. */
export class Findings {
  readonly #session: string | undefined;
  readonly #checks = new Map<CheckName, CheckState>();

  /** @param checks what will be checked, in the order of the report. */
  constructor(session: string | undefined, checks: readonly CheckName[]) {
    this.#session = session;
    for (const name of checks) this.#state(name);
  }

  /** Things were looked at, right or wrong. */
  checked(name: CheckName, count = 1): void {
    this.#state(name).checked += count;
  }

  /** The check was not made, or not made to its end. */
  skip(name: CheckName, reason: string): void {
    const state = this.#state(name);
    state.isSkipped = true;
    state.reason ??= reason;
  }

  /** @param message made only when it will be listed. */
  add(
    name: CheckName,
    severity: Finding['severity'],
    code: string,
    place: Place,
    message: string | (() => string),
  ): void {
    const state = this.#state(name);
    state.count += 1;
    if (severity === 'error') state.errors += 1;
    if (state.listed.length >= maxFindings) return;
    state.listed.push({
      severity,
      code,
      message: typeof message === 'string' ? message : message(),
      ...place,
      ...(this.#session === undefined ? {} : { session: this.#session }),
    });
  }

  /** What the check found has been put right: its errors are worth knowing, and are wrong no more. */
  mend(name: CheckName, code: string, place: Place, message: string): void {
    const state = this.#state(name);
    state.errors = 0;
    const listed = state.listed.splice(0);
    for (const finding of listed)
      state.listed.push(finding.severity === 'error' ? { ...finding, severity: 'info' } : finding);
    this.add(name, 'info', code, place, message);
  }

  /** Whether one more finding of the check would be listed: a place that costs work to find need not be found else. */
  isListing(name: CheckName): boolean {
    return this.#state(name).listed.length < maxFindings;
  }

  /** Errors of a check so far. */
  errorsOf(name: CheckName): number {
    return this.#state(name).errors;
  }

  /** Whether the check was given up. */
  isSkipped(name: CheckName): boolean {
    return this.#state(name).isSkipped;
  }

  /** The part of a report that the checks make. */
  result(): Pick<TargetReport, 'checks' | 'findings' | 'findingCount' | 'errorCount'> {
    const states = [...this.#checks.entries()];
    return {
      checks: states.map(([name, state]) => toCheck(name, state)),
      findings: chooseListed(states.map(([, { listed }]) => listed)),
      findingCount: states.reduce((sum, [, { count }]) => sum + count, 0),
      errorCount: states.reduce((sum, [, { errors }]) => sum + errors, 0),
    };
  }

  #state(name: CheckName): CheckState {
    let state = this.#checks.get(name);
    if (state === undefined) {
      state = { checked: 0, errors: 0, count: 0, reason: undefined, isSkipped: false, listed: [] };
      this.#checks.set(name, state);
    }
    return state;
  }
}

function toCheck(name: CheckName, state: CheckState): ValidationCheck {
  const { checked, errors, isSkipped, reason } = state;
  return {
    name,
    outcome: errors > 0 ? 'failed' : isSkipped ? 'skipped' : 'passed',
    checked,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** At most {@link maxFindings} in all, shared out so that a check with many does not hide one with few. */
function chooseListed(lists: readonly (readonly Finding[])[]): Finding[] {
  let room = maxFindings;
  let left = lists.length;
  const taken = new Map<readonly Finding[], number>();
  for (const list of lists.toSorted((a, b) => a.length - b.length)) {
    const count = Math.min(list.length, Math.floor(room / left));
    taken.set(list, count);
    room -= count;
    left -= 1;
  }
  return lists.flatMap((list) => list.slice(0, taken.get(list)));
}

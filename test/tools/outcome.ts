import { inspect } from 'node:util';

/** What one test came to. A `todo` test counts as skipped: nobody may lean on it. */
export interface Outcome {
  readonly kind: 'passed' | 'failed' | 'skipped';
  readonly name: string;
  /** `file:line`, as far as known. */
  readonly place: string;
  /** Why it failed, with its stack, or why it was skipped. */
  readonly detail?: string;
}

/** The part of node:test's `test:pass` and `test:fail` events that an outcome needs. */
export interface TestEvent {
  readonly name: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined; readonly error?: Error };
}

/**
 * The outcome that an event reports; undefined for a suite that only sums up its tests, which are
 * counted one by one.
 */
export function outcomeOf(event: TestEvent): Outcome | undefined {
  const { error, type } = event.details;
  if (type === 'suite' && (error === undefined || isSumOfSubtests(error))) return undefined;
  const place = event.file === undefined ? '' : `${event.file}:${event.line ?? 1}`;
  const reason = event.skip ?? event.todo;
  if (reason !== undefined && reason !== false) {
    return {
      kind: 'skipped',
      name: event.name,
      place,
      ...(typeof reason === 'string' && { detail: reason }),
    };
  }
  if (error === undefined) return { kind: 'passed', name: event.name, place };
  return { kind: 'failed', name: event.name, place, detail: inspect(error.cause ?? error) };
}

function isSumOfSubtests(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}

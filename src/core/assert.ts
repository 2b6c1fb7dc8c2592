/** Ends a `switch` over a union: a member that was added but not handled fails to compile, and fails loudly at run time. */
export function assertNever(value: never, what = 'value'): never {
  throw new Error(`Unexpected ${what}: ${JSON.stringify(value)}`);
}

/** Narrows away `undefined` and `null` where the caller knows better than the compiler; says what was missing otherwise. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`Missing ${what}`);
  return value;
}

/** A `Retry-After` that asks for more than a day is taken as a day: a person will have looked by then. */
const longestMs = 24 * 60 * 60 * 1000;

/** The wait that a `Retry-After` header asks for (seconds, or an HTTP date); undefined when it says nothing usable. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return clamp(Number(text) * 1000);
  // Only what looks like a date: Date.parse makes a year of "-5".
  const at = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : clamp(at - nowMs);
}

/**
 * The wait until a rate limit is lifted, from `x-ratelimit-reset` or `ratelimit-reset`: seconds from now, or a time in
 * seconds or milliseconds since 1970 (GitHub). Undefined without one.
 */
export function rateLimitResetMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined || !/^\s*\d+(\.\d+)?\s*$/.test(value)) return undefined;
  const n = Number(value);
  if (n > 1e12) return clamp(n - nowMs);
  if (n > 1e9) return clamp(n * 1000 - nowMs);
  return clamp(n * 1000);
}

function clamp(ms: number): number {
  return Math.min(longestMs, Math.max(0, Math.ceil(ms)));
}

/**
 * A number in [0, `below`) that depends on nothing but its arguments: sample data is the same in every run, on every
 * machine. Different `salt`s give independent choices for the same `index`.
 */
export function pick(index: number, salt: number, below: number): number {
  let x = (Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0;
  return ((x ^ (x >>> 15)) >>> 0) % below;
}

/** One of `items`, chosen by {@link pick}. */
export function pickOne<T>(items: readonly [T, ...T[]], index: number, salt: number): T {
  return items[pick(index, salt, items.length)] ?? items[0];
}

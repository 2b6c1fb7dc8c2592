import type { Fingerprint } from '../core/keys.ts';

/** Stands for "whoever brings them again": records that recovery found without knowing their unit. */
export const nobody = 0;

/**
 * Lines that are in the data files although their unit has not moved past them: the unit will bring them again, and they
 * are neither new nor duplicates then. Counted, since a unit may have brought the same reject several times.
 */
export class ReplayKeys {
  readonly #counts = new Map<string, number>();

  add(unit: number, keys: readonly Fingerprint[]): void {
    for (const key of keys) {
      const token = tokenOf(unit, key);
      this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    }
  }

  /** A choice of lines that come again, to be taken off with {@link ReplayChoice.confirm} once that is durable. */
  choose(): ReplayChoice {
    return new ReplayChoice(this.#counts);
  }
}

/** Lines of {@link ReplayKeys} that a commit meets again. */
export class ReplayChoice {
  readonly #counts: Map<string, number>;
  readonly #taken = new Map<string, number>();

  constructor(counts: Map<string, number>) {
    this.#counts = counts;
  }

  /** Whether this is a line that the unit is expected to bring again; each is taken only once. */
  take(unit: number, key: Fingerprint): boolean {
    if (this.#counts.size === 0) return false;
    const token = tokenOf(unit, key);
    const taken = this.#taken.get(token) ?? 0;
    if (taken >= (this.#counts.get(token) ?? 0)) return false;
    this.#taken.set(token, taken + 1);
    return true;
  }

  /** What was taken will not be brought a second time. */
  confirm(): void {
    for (const [token, taken] of this.#taken) {
      const left = (this.#counts.get(token) ?? 0) - taken;
      if (left > 0) this.#counts.set(token, left);
      else this.#counts.delete(token);
    }
  }
}

function tokenOf(unit: number, key: Fingerprint): string {
  return `${unit}:${key}`;
}

import type { Fingerprint } from '../core/keys.ts';
import { ExactTable } from '../dedup/exactTable.ts';

/** Stands for "whoever brings them again": records that recovery found without knowing their unit. */
export const nobody = 0;

/**
 * Lines that are in the data files although their unit has not moved past them: the unit will bring them again, and they
 * are neither new nor duplicates then. Counted, since a unit may have brought the same reject several times.
 */
export class ReplayKeys {
  readonly #counts = new Map<string, number>();
  readonly #adopted = new AdoptedKeys();

  add(unit: number, keys: readonly Fingerprint[]): void {
    for (const key of keys) {
      if (unit === nobody) {
        this.#adopted.known.add(key);
        continue;
      }
      const token = tokenOf(unit, key);
      this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    }
  }

  /** A choice of lines that come again, to be taken off with {@link ReplayChoice.confirm} once that is durable. */
  choose(): ReplayChoice {
    return new ReplayChoice(this.#counts, this.#adopted);
  }
}

/** Keys of {@link nobody}, once each. In flat memory: a master that was adopted may have millions. */
class AdoptedKeys {
  readonly known = new ExactTable();
  readonly taken = new ExactTable();
}

/** Lines of {@link ReplayKeys} that a commit meets again. */
export class ReplayChoice {
  readonly #counts: Map<string, number>;
  readonly #taken = new Map<string, number>();
  readonly #adopted: AdoptedKeys;
  readonly #takenOfAdopted = new Set<Fingerprint>();

  constructor(counts: Map<string, number>, adopted: AdoptedKeys) {
    this.#counts = counts;
    this.#adopted = adopted;
  }

  /** Whether this is a line that the unit is expected to bring again; each is taken only once. */
  take(unit: number, key: Fingerprint): boolean {
    if (unit === nobody) return this.#takeAdopted(key);
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
    for (const key of this.#takenOfAdopted) this.#adopted.taken.add(key);
  }

  #takeAdopted(key: Fingerprint): boolean {
    const { known, taken } = this.#adopted;
    if (known.size === 0 || !known.has(key) || taken.has(key)) return false;
    if (this.#takenOfAdopted.has(key)) return false;
    this.#takenOfAdopted.add(key);
    return true;
  }
}

function tokenOf(unit: number, key: Fingerprint): string {
  return `${unit}:${key}`;
}

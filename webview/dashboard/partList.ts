import type { Part, Shown } from './part.ts';

/** How old a part may be while it is scrolled out of sight. */
const outOfSightMs = 3000;

interface Kept {
  readonly part: Part;
  isInSight: boolean;
  updatedAtMs: number;
}

/** Keeps the parts of a page up to date: those in sight at every turn, the others every three seconds. */
export class PartList {
  readonly #kept: readonly Kept[];
  #shown: Shown | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: readonly Part[]) {
    this.#kept = parts.map((part) => ({ part, isInSight: true, updatedAtMs: 0 }));
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const kept = this.#kept.find(({ part }) => part.element === target);
        if (!kept) continue;
        kept.isInSight = isIntersecting;
        if (isIntersecting && this.#shown) update(kept, this.#shown);
      }
    });
    for (const { part } of this.#kept) observer.observe(part.element);
  }

  /** Shows what there is now; `isAll`: also where nobody looks. */
  update(shown: Shown, isAll: boolean): void {
    this.#shown = shown;
    let hasOld = false;
    for (const kept of this.#kept) {
      const isDue = performance.now() - kept.updatedAtMs >= outOfSightMs;
      if (isAll || kept.isInSight || isDue) update(kept, shown);
      else hasOld = true;
    }
    // What comes last must arrive everywhere, too.
    if (hasOld) {
      this.#later ??= setTimeout(() => {
        this.#later = undefined;
        if (this.#shown) this.update(this.#shown, true);
      }, outOfSightMs);
    }
  }
}

function update(kept: Kept, shown: Shown): void {
  kept.updatedAtMs = performance.now();
  kept.part.update(shown);
}

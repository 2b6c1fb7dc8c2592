import { LRUCache } from 'lru-cache';
import { UnitFailedError, UnitSkippedError } from '../../core/errors.ts';
import type { NewUnit, Unit } from '../../core/unit.ts';
import type { CanonicalUrl } from './canonicalUrl.ts';
import type { Scope } from './scope.ts';
import { isNamed, movedUnit, redirectsOf } from './units.ts';

/** Redirects that are remembered, to notice circles. */
const rememberedRedirects = 10_000;

/**
 * What becomes of a page that redirects. Another page is a unit of its own (it may be known already, and is fetched
 * once); only where the redirect leads back to the page itself it is followed: sites send a browser away and back to
 * see whether it keeps cookies. The client notices when that goes on in a circle.
 */
export class Redirects {
  readonly #maxRedirects: number;
  readonly #scope: Scope;
  readonly #targets = new LRUCache<string, string>({ max: rememberedRedirects });

  /** @param maxRedirects most redirects in a row. */
  constructor(maxRedirects: number, scope: Scope) {
    this.#maxRedirects = maxRedirects;
    this.#scope = scope;
  }

  /** Whether a redirect of the unit leads back to the unit's page, as far as redirects are known. */
  leadsBack(unit: Unit, target: CanonicalUrl): boolean {
    let at: string | undefined = target.url;
    for (let i = 0; i <= this.#maxRedirects && at !== undefined; i++) {
      if (at === unit.key) return true;
      at = this.#targets.get(at);
    }
    return false;
  }

  /**
   * The unit that takes the place of one whose page has moved.
   *
   * @throws UnitSkippedError when it moved out of scope; UnitFailedError when redirects go on and on.
   */
  moved(unit: Unit, target: CanonicalUrl): NewUnit {
    const data = { url: unit.key, target: target.url };
    const refusal = this.#scope.refuse(target, isNamed(unit), unit.lane);
    if (refusal !== undefined) {
      throw new UnitSkippedError(
        'REDIRECT_OUT_OF_SCOPE',
        `${unit.key} redirects to where the collection does not go: ${refusal.message}`,
        { ...data, reason: refusal.code },
      );
    }
    const redirects = redirectsOf(unit) + 1;
    if (redirects > this.#maxRedirects) {
      throw new UnitFailedError(
        'TOO_MANY_REDIRECTS',
        `${unit.key} is the ${redirects}th redirect in a row (request.maxRedirects).`,
        data,
      );
    }
    this.#targets.set(unit.key, target.url);
    return movedUnit(unit, target, redirects);
  }
}

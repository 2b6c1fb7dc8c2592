import type { ActorRun } from 'apify-client';

const microPerUsd = 1_000_000;

/** What a run has cost, and how that is known. */
export interface RunCost {
  readonly microUsd: number;
  readonly evidence: string;
}

/**
 * What a run that has ended has cost: what Apify says (`usageTotalUsd`), but no less than what its items or events come
 * to by its price list, since what Apify says comes late. Where nothing is said, the worst case.
 *
 * @param items how many items it has sold.
 */
export function costOf(run: ActorRun, items: number, worstCaseMicroUsd: number): RunCost {
  const said = run.usageTotalUsd;
  const listed = listPrice(run, items);
  if (said === undefined && listed === undefined) {
    return { microUsd: worstCaseMicroUsd, evidence: 'Apify tells no cost: its maximum is taken' };
  }
  if (listed !== undefined && listed > (said ?? 0)) {
    return { microUsd: toMicro(listed), evidence: 'price list × what was sold' };
  }
  return { microUsd: toMicro(said ?? 0), evidence: 'usageTotalUsd' };
}

/** US dollars as whole micro-dollars, never fewer. */
export function toMicro(usd: number): number {
  // What a sum of binary fractions is beside the number that it stands for.
  return Math.ceil(usd * microPerUsd - 1e-6);
}

/** What the run's price list makes of what it has sold; undefined where it has none. */
function listPrice(run: ActorRun, items: number): number | undefined {
  const pricing: unknown = run.pricingInfo;
  if (!isObject(pricing)) return undefined;
  if (pricing['pricingModel'] === 'PRICE_PER_DATASET_ITEM') {
    const { maxItems } = (run.options as Partial<ActorRun['options']> | undefined) ?? {};
    const charged = maxItems === undefined ? items : Math.min(items, maxItems);
    const price = pricing['pricePerUnitUsd'];
    return typeof price === 'number' ? charged * price : undefined;
  }
  const perEvent = pricing['pricingPerEvent'];
  const events = isObject(perEvent) ? perEvent['actorChargeEvents'] : undefined;
  if (!isObject(events) || run.chargedEventCounts === undefined) return undefined;
  return Object.entries(run.chargedEventCounts).reduce((sum, [name, count]) => {
    const event = events[name];
    const price = isObject(event) ? event['eventPriceUsd'] : undefined;
    return sum + (typeof price === 'number' ? price * count : 0);
  }, 0);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

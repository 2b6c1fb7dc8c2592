import type { Page } from 'playwright-core';
import { assertNever } from '../../core/assert.ts';
import type {
  InteractionConfig,
  RepeatInteraction,
  SimpleInteraction,
} from '../../core/config/interactions.ts';
import { PauseError, RetryError, ThrottledError } from '../../core/errors.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import type { Activity } from './activity.ts';
import { firstSelector } from './checkConfig.ts';
import { drawnInPage, type ScrollBy, type ScrollStep } from './inPage.ts';
import { firstLineOf, operate } from './pageLost.ts';
import { growsWithin, scrollStep } from './scroll.ts';

/** What interactions work with. */
export interface InteractionParts {
  readonly page: Page;
  readonly activity: Activity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the unit stops, or the page is lost. */
  readonly signal: AbortSignal;
  /** Puts secrets in place. */
  readonly expand: (text: string) => Promise<string>;
  /** Keeps a picture; the file's path, relative to the workspace folder. */
  readonly saveScreenshot: (picture: Uint8Array) => Promise<string>;
  /** Throws what went wrong with a document that the page went to since the last call. */
  readonly assertWell: () => Promise<void>;
}

/** How often an interaction is tried. */
const tries = 2;
/** Between the tries. */
const betweenTriesMs = 500;
const defaultWaitMs = 1000;
const networkIdleMs = 500;
/** Beyond its own limit, for the browser to say that it is reached. */
const graceMs = 2_000;

/** Of one interaction, for the log. */
interface Place {
  readonly n: number;
  readonly of: number;
  readonly round?: number;
  readonly step?: number;
}

/** What became of one interaction. */
interface Outcome {
  readonly isDone: boolean;
  /** What else the log tells. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

/** Why a page is given up: it is tried again as a whole. */
class InteractionFailedError extends RetryError {}

/** How interactions ended. */
export interface Tally {
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * Does what the collection says on a page, one interaction after the other, each tried twice and logged. Yields where
 * items are to be taken, and is told how many new ones there were.
 *
 * @throws RetryError `INTERACTION_FAILED` when one failed and `onFailure` says so; ThrottledError and PauseError for
 *   where the page went to; the signal's reason.
 */
export async function* interact(
  interactions: readonly InteractionConfig[],
  onFailure: 'continue' | 'fail',
  parts: InteractionParts,
): AsyncGenerator<'look', Tally, number> {
  const of = interactions.length;
  const { logger, page } = parts;
  const tally = { succeeded: 0, failed: 0 };
  if (of === 0) return tally;
  logger.info(
    { page: page.url(), interactions: of },
    `Starting ${of} interaction${of === 1 ? '' : 's'}`,
  );
  const looks = lookPlan(interactions);
  if (looks.atStart) yield 'look';
  for (const [i, one] of interactions.entries()) {
    const place = { n: i + 1, of };
    const outcome =
      one.type === 'repeat'
        ? yield* repeat(one, place, parts, looks.after[i] ?? true)
        : yield* once(one, place, parts, looks.after[i] ?? true);
    if (outcome.isDone) tally.succeeded += 1;
    else tally.failed += 1;
    if (!outcome.isDone && onFailure === 'fail') {
      throw new InteractionFailedError(
        'INTERACTION_FAILED',
        `Interaction ${i + 1} of ${of} (${labelOf(one)}) failed on ${page.url()}: ${firstLineOf(outcome.error)}`,
        { data: { url: page.url(), n: i + 1, kind: one.type }, cause: outcome.error },
      );
    }
    if (outcome.isDone && looks.after[i] === true && !looksByItself(one)) yield 'look';
  }
  logger.info(
    { page: page.url(), ...tally },
    `Interactions complete: ${tally.succeeded} succeeded, ${tally.failed} failed`,
  );
  return tally;
}

/**
 * When items are taken: as the page was opened and after each interaction; but not where a wait follows, which says
 * that they are not there yet, and where a form is filled in, only behind that. `collect` of an interaction says
 * otherwise.
 */
export function lookPlan(interactions: readonly InteractionConfig[]): {
  readonly atStart: boolean;
  readonly after: readonly boolean[];
} {
  const lastFilled = interactions.findLastIndex(({ type }) => type === 'fill' || type === 'press');
  const after = interactions.map((one, i) => {
    if (one.collect !== undefined) return one.collect;
    const next = interactions[i + 1];
    return i > lastFilled && next?.type !== 'wait' && one.type !== 'screenshot';
  });
  const [first] = interactions;
  return {
    atStart: lastFilled === -1 && first?.type !== 'wait' && first?.collect !== false,
    after,
  };
}

/** Whether it takes items itself, as often as it changes the page. */
function looksByItself(one: InteractionConfig): boolean {
  return (
    one.type === 'repeat' ||
    (one.type === 'scroll' && (one.until !== undefined || one.times !== undefined))
  );
}

async function* once(
  one: SimpleInteraction,
  place: Place,
  parts: InteractionParts,
  isLooking: boolean,
): AsyncGenerator<'look', Outcome, number> {
  const { clock, page } = parts;
  const startedAtMs = clock.monotonicMs();
  let error: unknown;
  for (let attempt = 1; attempt <= tries; attempt++) {
    try {
      const facts = yield* perform(one, parts, isLooking);
      await parts.assertWell();
      log(one, place, parts, {
        ms: clock.monotonicMs() - startedAtMs,
        attempts: attempt,
        outcome: 'succeeded',
        ...facts,
      });
      return { isDone: true, facts };
    } catch (reason) {
      assertPasses(reason, parts.signal);
      error = reason;
      if (attempt < tries) await clock.sleep(betweenTriesMs, parts.signal);
    }
  }
  log(one, place, parts, {
    ms: clock.monotonicMs() - startedAtMs,
    attempts: tries,
    outcome: 'failed',
    error: firstLineOf(error),
  });
  // What its page went through while it failed is no concern of the next one.
  await page.waitForLoadState('domcontentloaded', { timeout: graceMs }).catch(() => undefined);
  return { isDone: false, error };
}

/** Passes for what trying again, or leaving it, may help. */
function assertPasses(reason: unknown, signal: AbortSignal): void {
  signal.throwIfAborted();
  if (reason instanceof ThrottledError || reason instanceof PauseError) throw reason;
  if (reason instanceof RetryError && /^(?:PAGE|BROWSER)_/.test(reason.code)) throw reason;
}

async function* perform(
  one: SimpleInteraction,
  parts: InteractionParts,
  isLooking: boolean,
): AsyncGenerator<'look', Readonly<Record<string, unknown>>, number> {
  const { page } = parts;
  const { timeoutMs: timeout } = one;
  const run = <T>(work: Promise<T>, limitMs = timeout): Promise<T> =>
    operate(work, parts.signal, limitMs + graceMs, one.type);
  switch (one.type) {
    case 'click':
      await run(page.locator(one.selector).first().click({ timeout }));
      break;
    case 'fill': {
      const value = await parts.expand(one.value);
      await run(page.locator(one.selector).first().fill(value, { timeout }));
      break;
    }
    case 'press':
      await run(page.locator(one.selector).first().press(one.value, { timeout }));
      break;
    case 'key':
      await run(page.keyboard.press(one.value));
      break;
    case 'hover':
      await run(page.locator(one.selector).first().hover({ timeout }));
      break;
    case 'select':
      await run(page.locator(one.selector).first().selectOption(one.value, { timeout }));
      break;
    case 'scroll':
      return yield* scroll(one, parts, isLooking);
    case 'wait':
      await wait(one, parts);
      return {};
    case 'screenshot': {
      const picture =
        one.selector === undefined
          ? page.screenshot({ fullPage: one.fullPage, timeout })
          : page.locator(one.selector).first().screenshot({ timeout });
      return { file: await parts.saveScreenshot(await run(picture)) };
    }
    default:
      return assertNever(one, 'interaction');
  }
  await settle(parts, timeout);
  return {};
}

/** Lets the page do what an interaction has started: draw, and load what it asks for at once. */
async function settle(
  { page, activity, signal }: InteractionParts,
  limitMs: number,
): Promise<void> {
  await operate(page.evaluate(drawnInPage), signal, limitMs + graceMs, 'settling').catch(
    (error: unknown) => {
      signal.throwIfAborted();
      if (error instanceof RetryError) throw error;
      // The page is on its way to another document.
    },
  );
  if (!activity.isLoading) return;
  await activity.untilQuiet(0, limitMs, signal);
  await operate(
    page.waitForLoadState('domcontentloaded', { timeout: limitMs }),
    signal,
    limitMs + graceMs,
    'loading',
  );
  await operate(page.evaluate(drawnInPage), signal, limitMs + graceMs, 'settling').catch(() => {
    signal.throwIfAborted();
  });
}

async function wait(
  one: Extract<SimpleInteraction, { readonly type: 'wait' }>,
  { page, activity, clock, signal }: InteractionParts,
): Promise<void> {
  const { timeoutMs: timeout } = one;
  const run = (work: Promise<unknown>): Promise<unknown> =>
    operate(work, signal, timeout + graceMs, 'wait');
  let hasWaited = false;
  if (one.selector !== undefined) {
    await run(page.locator(one.selector).first().waitFor({ state: 'visible', timeout }));
    hasWaited = true;
  }
  if (one.gone !== undefined) {
    await run(page.locator(one.gone).first().waitFor({ state: 'hidden', timeout }));
    hasWaited = true;
  }
  if (one.until === 'networkIdle') {
    if (!(await activity.untilQuiet(networkIdleMs, timeout, signal)))
      throw new Error(`The page was still loading after ${timeout} ms.`);
    hasWaited = true;
  }
  const durationMs = one.durationMs ?? (hasWaited ? 0 : defaultWaitMs);
  if (durationMs > 0) await clock.sleep(durationMs, signal);
}

async function* scroll(
  one: Extract<SimpleInteraction, { readonly type: 'scroll' }>,
  parts: InteractionParts,
  isLooking: boolean,
): AsyncGenerator<'look', Readonly<Record<string, unknown>>, number> {
  const { page, signal } = parts;
  const { timeoutMs: timeout, inside } = one;
  if (one.selector !== undefined) {
    const target = page.locator(one.selector).first();
    await operate(target.scrollIntoViewIfNeeded({ timeout }), signal, timeout + graceMs, 'scroll');
    await settle(parts, timeout);
    return {};
  }
  const step = (by: ScrollBy): Promise<ScrollStep> =>
    operate(scrollStep(page, inside, by, timeout), signal, timeout + graceMs, 'scroll');
  const grows = (from: ScrollStep): Promise<boolean> =>
    growsWithin(one.settleMs, from, { ...parts, inside, limitMs: timeout });

  if (one.until === undefined) {
    const times = one.times ?? 1;
    for (let round = 1; round <= times; round++) {
      await grows(await step('bottom'));
      if (isLooking && one.times !== undefined) yield 'look';
    }
    return one.times === undefined ? {} : { rounds: times };
  }

  // What is in sight now may be gone after the first step.
  if (isLooking) yield 'look';
  for (let round = 1; round <= one.max; round++) {
    const reached = await step('screen');
    const hasGrown = reached.isAtEnd ? await grows(reached) : false;
    if (!reached.isAtEnd && parts.activity.isLoading) await settle(parts, timeout);
    const fresh = isLooking ? yield 'look' : 0;
    await parts.assertWell();
    if (reached.isAtEnd && !hasGrown && fresh === 0) return { rounds: round };
  }
  parts.logger.warn(
    { page: page.url(), max: one.max },
    `Scrolling stopped after ${one.max} rounds though more may come: raise "max"`,
  );
  return { rounds: one.max };
}

async function* repeat(
  one: RepeatInteraction,
  place: Place,
  parts: InteractionParts,
  isLooking: boolean,
): AsyncGenerator<'look', Outcome, number> {
  const { clock, page } = parts;
  const startedAtMs = clock.monotonicMs();
  let rounds = 0;
  let ended: string | undefined;
  let failure: Outcome | undefined;
  // What is there now may be replaced in the first round.
  if (isLooking) yield 'look';
  while (ended === undefined && failure === undefined && rounds < one.max) {
    ended = await endOf(one, parts);
    if (ended !== undefined) break;
    rounds += 1;
    for (const [i, inner] of one.interactions.entries()) {
      const outcome = yield* once(
        inner,
        { ...place, round: rounds, step: i + 1 },
        parts,
        isLooking,
      );
      if (outcome.isDone) continue;
      failure = outcome;
      break;
    }
    if (!isLooking) continue;
    const fresh = yield 'look';
    if (one.until !== 'nothingNew' || fresh > 0) continue;
    await parts.activity.untilQuiet(one.settleMs, one.settleMs * 10, parts.signal);
    if ((yield 'look') === 0) ended = 'nothing new';
  }
  const facts = {
    ms: clock.monotonicMs() - startedAtMs,
    attempts: 1,
    rounds,
    ...(ended === undefined ? {} : { ended }),
  };
  if (failure !== undefined) {
    log(one, place, parts, { ...facts, outcome: 'failed', error: firstLineOf(failure.error) });
    return failure;
  }
  log(one, place, parts, { ...facts, outcome: 'succeeded' });
  if (ended === undefined && (await endOf(one, parts)) === undefined) {
    parts.logger.warn(
      { page: page.url(), max: one.max },
      `Repeating stopped after ${one.max} rounds though more may come: raise "max"`,
    );
  }
  return { isDone: true };
}

/** Why there is no further round; undefined when there is one. */
async function endOf(one: RepeatInteraction, parts: InteractionParts): Promise<string | undefined> {
  const { until, settleMs } = one;
  if (until === 'nothingNew') return undefined;
  if (until !== undefined && 'visible' in until) {
    return (await isVisible(until.visible, parts)) ? `${until.visible} can be seen` : undefined;
  }
  const selector = until?.gone ?? firstSelector(one);
  if (selector === undefined) return undefined;
  return (await isUsableWithin(selector, settleMs, parts)) ? undefined : `${selector} is gone`;
}

async function isVisible(selector: string, { page, signal }: InteractionParts): Promise<boolean> {
  return operate(page.locator(selector).first().isVisible(), signal, graceMs * 5, 'looking');
}

/** While a page loads, its button is often away or disabled for a moment. */
async function isUsableWithin(
  selector: string,
  settleMs: number,
  { page, clock, signal }: InteractionParts,
): Promise<boolean> {
  const target = page.locator(selector).first();
  const untilMs = clock.monotonicMs() + settleMs;
  for (;;) {
    const isUsable =
      (await target.isVisible()) && (await target.isEnabled({ timeout: 1000 }).catch(() => false));
    signal.throwIfAborted();
    if (isUsable) return true;
    if (clock.monotonicMs() >= untilMs) return false;
    await clock.sleep(Math.min(50, settleMs), signal);
  }
}

function log(
  one: InteractionConfig,
  place: Place,
  { logger, page }: InteractionParts,
  facts: {
    readonly ms: number;
    readonly attempts: number;
    readonly outcome: 'succeeded' | 'failed';
    readonly [more: string]: unknown;
  },
): void {
  const { ms, ...others } = facts;
  const fields = {
    page: page.url(),
    ...place,
    kind: one.type,
    ...(selectorOf(one) === undefined ? {} : { selector: selectorOf(one) }),
    ms: Math.round(ms),
    ...others,
  };
  const where = place.round === undefined ? '' : `, round ${place.round}`;
  const message = `[${place.n}/${place.of}${where}] ${labelOf(one)}: ${facts.outcome}`;
  if (facts.outcome === 'failed') logger.warn(fields, message);
  else logger.info(fields, message);
}

function selectorOf(one: InteractionConfig): string | undefined {
  if (one.type === 'repeat') return firstSelector(one);
  return 'selector' in one ? one.selector : undefined;
}

/** What is done, in few words; never what is filled in. */
function labelOf(one: InteractionConfig): string {
  const selector = selectorOf(one);
  return [one.type, selector].filter((word) => word !== undefined).join(' ');
}

import type { Collection } from '../../core/config.ts';
import { walksPages } from '../../core/config/pageSources.ts';
import { UsageError } from '../../core/errors.ts';
import { isJsonObject, parseJson, type JsonObject } from '../../core/json.ts';
import type { Logger } from '../../core/ports.ts';
import {
  cutText,
  type PreviewNote,
  type PreviewOutcome,
  type PreviewReport,
  type PreviewStep,
} from '../../core/preview.ts';
import { Redactor } from '../../core/redactor.ts';
import type { NewUnit } from '../../core/unit.ts';
import { doubtRuleOf, traceFields, unitOfAddress } from '../../sources/registry.ts';
import type { Source } from '../../sources/source.ts';
import { findStateRoot } from '../../storage/sessions.ts';
import { withTemporaryFolder } from '../../storage/temporaryFolder.ts';
import type { Environment } from '../beginRun.ts';
import { readCollection } from '../loadCollection.ts';
import { compileRecordSchema, Preparer, type Prepared } from '../prepare.ts';
import { carryOutOnce, failureOf, type Brought } from './carryOutOnce.ts';
import { mappingAgain, newestWithItems } from './earlierItems.ts';
import { createPreviewSource, withoutWriting } from './previewSource.ts';
import { traceRecords } from './traceRecords.ts';

/** What is to be previewed. */
export interface PreviewRequest {
  /** Absolute path of the workspace folder. */
  readonly workspace: string;
  /** Absolute path of the collection file; what stands in it is `text`, saved or not. */
  readonly file: string;
  readonly text: string;
  /** Key of a unit, or an address; null chooses the first one. */
  readonly unit: string | null;
  /** Take the items that an earlier session has kept: calls nobody. */
  readonly fromEarlier: boolean;
}

const offeredUnits = 20;
/** So many units are looked through for the one that is asked for. */
const searchedUnits = 2000;
/** Units that only lead to others are followed so far. */
const maxSteps = 4;
const tracedItems = 20;
/** So many items are made records of. */
const mappedItems = 200;
const shownRecords = 20;
const shownUnits = 20;
const maxRecordText = 20_000;
const maxWarnings = 10;
const maxWarningText = 500;
/** Nobody waits longer for a look. */
const longestMs = 120_000;

/**
 * Carries out one unit of a collection as it would be carried out, and writes nothing: no session, no lock, no data. A
 * collection that costs money is told with its price, and nothing is asked for.
 *
 * @throws ConfigError for a collection that is not right; UsageError `UNKNOWN_UNIT`, and what making the source throws;
 * the signal's reason.
 */
export async function runPreview(
  environment: Environment,
  request: PreviewRequest,
  signal: AbortSignal,
): Promise<PreviewOutcome> {
  const { ports } = environment;
  const root = await findStateRoot(ports.fileSystem, request.file, request.workspace);
  const written = await readCollection(request.text, request.file, root);
  const isPaid = doubtRuleOf(written) !== undefined;
  const earlier =
    isPaid || request.fromEarlier ? await newestWithItems(ports, root, written) : undefined;
  if (request.fromEarlier) {
    if (earlier === undefined) {
      const message = `No session of "${written.name}" has kept items as they were received.`;
      throw new UsageError('NO_RAW', message, { name: written.name });
    }
    const collection = await mappingAgain(ports, written, earlier);
    const report = await reportOn(
      environment,
      collection,
      [],
      { ...request, unit: null },
      root,
      signal,
    );
    return { kind: 'report', report: { ...report, fromSession: earlier.layout.session } };
  }
  if (isPaid) {
    return {
      kind: 'price',
      price: {
        collection: written.name,
        ...priceOf(written),
        session: earlier?.layout.session ?? null,
      },
    };
  }
  const { collection, notes } = withoutWriting(written);
  const report = await reportOn(environment, collection, notes, request, root, signal);
  return { kind: 'report', report };
}

function priceOf({ source }: Collection): {
  readonly what: 'request' | 'run';
  readonly microUsd: number;
} {
  const toMicro = (usd: number): number => Math.ceil(usd * 1e6);
  if (source.type === 'apify') return { what: 'run', microUsd: toMicro(source.maxUsdPerRun) };
  const perCall = source.type === 'rest' ? (source.price?.perCallUsd ?? 0) : 0;
  return { what: 'request', microUsd: toMicro(perCall) };
}

function reportOn(
  environment: Environment,
  collection: Collection,
  notes: readonly PreviewNote[],
  request: PreviewRequest,
  root: string,
  signal: AbortSignal,
): Promise<PreviewReport> {
  return withTemporaryFolder(async (scratch) => {
    const redactor = new Redactor();
    const look = new Look(environment, collection, redactor);
    const source = await createPreviewSource(collection, {
      environment,
      root,
      scratch,
      logger: look.logger,
      redactor,
      onRequest: () => {
        look.requests += 1;
      },
    });
    try {
      return await look.take(source, notes, request, signal);
    } finally {
      await source.close();
    }
  });
}

/** One preview while it is taken. */
class Look {
  requests = 0;
  readonly logger: Logger;
  readonly #collection: Collection;
  readonly #redactor: Redactor;
  readonly #clock: Environment['ports']['clock'];
  readonly #warnings: string[] = [];

  constructor({ ports }: Environment, collection: Collection, redactor: Redactor) {
    this.#collection = collection;
    this.#redactor = redactor;
    this.#clock = ports.clock;
    const warn = (_fields: unknown, message: string): void => {
      if (this.#warnings.length >= maxWarnings) return;
      this.#warnings.push(redactor.text(message).slice(0, maxWarningText));
    };
    const ignore = (): void => undefined;
    this.logger = { debug: ignore, info: ignore, warn, error: warn };
  }

  async take(
    source: Source<unknown>,
    notes: readonly PreviewNote[],
    request: PreviewRequest,
    signal: AbortSignal,
  ): Promise<PreviewReport> {
    const timeout = AbortSignal.timeout(longestMs);
    const limited = AbortSignal.any([signal, timeout]);
    const startedMs = this.#clock.monotonicMs();
    let report: PreviewReport = emptyReport(this.#collection, notes);
    try {
      const { offered, hasMore, wanted } = await planned(source, request.unit, limited);
      const planMs = this.#clock.monotonicMs() - startedMs;
      report = { ...report, offered: offered.map(({ key }) => key), hasMoreUnits: hasMore, planMs };
      const first = wanted ?? (await this.#ofAddress(request.unit)) ?? offered[0];
      if (first !== undefined) {
        report = await this.#carriedOut(source, report, first, request.unit === null, limited);
      }
    } catch (error) {
      signal.throwIfAborted();
      const failure = timeout.aborted ? tooLong() : failureOf(error);
      report = { ...report, failure };
    }
    const told = { ...report, requests: this.requests, warnings: this.#warnings };
    // Whatever way a secret found into it.
    const { failure } = told;
    const redacted = this.#redactor.json(told as unknown as JsonObject) as unknown as PreviewReport;
    if (failure === null) return redacted;
    const message = this.#redactor.text(failure.message);
    return { ...redacted, failure: { ...failure, message } };
  }

  async #ofAddress(
    text: string | null,
  ): Promise<(NewUnit & { readonly isOutOfScope: boolean }) | undefined> {
    if (text === null) return undefined;
    const found = await unitOfAddress(this.#collection.source, text.trim());
    if (found !== undefined) return { ...found.unit, isOutOfScope: !found.isInScope };
    const message = walksPages(this.#collection.source)
      ? `"${text}" is no http or https address.`
      : `The collection has no unit "${text}". Choose one of those that it begins with.`;
    throw new UsageError('UNKNOWN_UNIT', message, { unit: text });
  }

  /** Carries out a unit, and where it only leads to others and nobody asked for it by name, one of those. */
  async #carriedOut(
    source: Source<unknown>,
    before: PreviewReport,
    first: NewUnit & { readonly isOutOfScope?: boolean },
    mayLookOn: boolean,
    signal: AbortSignal,
  ): Promise<PreviewReport> {
    const startedMs = this.#clock.monotonicMs();
    const steps: PreviewStep[] = [];
    const tried = new Set<string>();
    let waiting: readonly NewUnit[] = [first];
    let brought: Brought | undefined;
    let shown: Brought | undefined;
    while (steps.length < maxSteps) {
      const next = waiting.find(({ key }) => !tried.has(key));
      if (next === undefined) break;
      tried.add(next.key);
      brought = await carryOutOnce(source, { ...next, n: steps.length + 1 }, signal);
      const { items, units, failure } = brought;
      steps.push({ unit: next.key, items: items.length, found: units.length });
      // A page further on that fails is no reason to show nothing of the first.
      if (shown === undefined || items.length > 0 || isPassage(shown)) shown = brought;
      if (items.length > 0 || failure !== null) break;
      if (!mayLookOn && !isPassage(brought)) break;
      waiting = units.length === 0 ? waiting : outermost(units);
    }
    const fetchMs = this.#clock.monotonicMs() - startedMs;
    if (shown === undefined) return before;
    const notes: PreviewNote[] = [
      ...before.notes,
      ...(first.isOutOfScope === true ? (['out-of-scope'] as const) : []),
      ...(steps.length > 1 ? (['looked-on'] as const) : []),
      ...(shown.isCut ? (['cut-short'] as const) : []),
      ...(shown.items.length > mappedItems ? (['first-items-only'] as const) : []),
    ];
    return this.#filled(source, { ...before, notes, steps, fetchMs }, shown);
  }

  /** Makes records of what was brought. */
  async #filled(
    source: Source<unknown>,
    before: PreviewReport,
    brought: Brought,
  ): Promise<PreviewReport> {
    const collection = this.#collection;
    const startedMs = this.#clock.monotonicMs();
    const { unit, items, units } = brought;
    const { schema } = collection.record;
    const validate = schema === undefined ? undefined : await compileRecordSchema(schema);
    const preparer = new Preparer(source, collection, validate);
    const taken = items.slice(0, mappedItems);
    const prepared = await preparer.prepare(taken, unit);
    const { records, duplicates } = unique(prepared);
    const parsed = records.slice(0, tracedItems).map(({ line }) => parseJson(line));
    // Items that come from a raw file are no longer what a page source took them from.
    const traced =
      collection.remap === undefined
        ? await traceFields(collection.source, taken.slice(0, tracedItems))
        : undefined;
    const fields = traced ?? traceRecords(collection.source, parsed.filter(isJsonObject));
    const facts = factsOf(source, taken[0]);
    return {
      ...before,
      ...facts,
      items: items.length,
      records: records.slice(0, shownRecords).map(({ line }) => cutText(line, maxRecordText)),
      recordCount: records.length,
      duplicates: duplicates + brought.duplicates,
      rejected: prepared.rejected.slice(0, shownRecords).map((line) => rejectOf(line)),
      rejectedCount: prepared.rejected.length,
      fields,
      found: units.slice(0, shownUnits).map(({ key }) => key),
      foundCount: units.length,
      end: brought.end,
      cursor: brought.cursor === undefined ? null : JSON.stringify(brought.cursor),
      mapMs: this.#clock.monotonicMs() - startedMs,
      failure: brought.failure,
    };
  }
}

function emptyReport(collection: Collection, notes: readonly PreviewNote[]): PreviewReport {
  const { source, record } = collection;
  return {
    collection: collection.name,
    sourceType: source.type,
    fromSession: null,
    offered: [],
    hasMoreUnits: false,
    steps: [],
    url: null,
    status: null,
    itemsRule: 'items' in source ? (source.items ?? '') : '',
    items: 0,
    records: [],
    recordCount: 0,
    duplicates: 0,
    rejected: [],
    rejectedCount: 0,
    fields: [],
    key: record.key ?? [],
    found: [],
    foundCount: 0,
    end: null,
    cursor: null,
    requests: 0,
    planMs: 0,
    fetchMs: 0,
    mapMs: 0,
    notes,
    warnings: [],
    failure: null,
  };
}

/** The first units that a source plans, and the one of that key. */
async function planned(
  source: Source<unknown>,
  key: string | null,
  signal: AbortSignal,
): Promise<{
  readonly offered: readonly NewUnit[];
  readonly hasMore: boolean;
  readonly wanted: NewUnit | undefined;
}> {
  const offered: NewUnit[] = [];
  let wanted: NewUnit | undefined;
  let count = 0;
  const isEnough = (): boolean =>
    count > offeredUnits && (key === null || wanted !== undefined || count >= searchedUnits);
  for await (const unit of source.plan(signal)) {
    count += 1;
    if (count <= offeredUnits) offered.push(unit);
    if (unit.key === key) wanted = unit;
    if (isEnough()) break;
  }
  return { offered, hasMore: count > offeredUnits, wanted };
}

/** Units that lead to others and have no items of their own. */
const passages: ReadonlySet<string> = new Set(['redirect', 'end of sitemap', 'files found']);

function isPassage({ items, end, unit }: Brought): boolean {
  return items.length === 0 && (passages.has(end ?? '') || unit.input['kind'] === 'sitemap');
}

/** Of the units that a page leads to those that are most probably of different kinds. */
function outermost(units: readonly NewUnit[]): NewUnit[] {
  const at = [0, units.length - 1, Math.floor(units.length / 2)];
  return [...new Set(at)].flatMap((i) => units[i] ?? []);
}

function unique({ records }: Prepared): {
  readonly records: Prepared['records'];
  readonly duplicates: number;
} {
  const seen = new Set<string>();
  const kept = records.filter(({ key }) => {
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return { records: kept, duplicates: records.length - kept.length };
}

function rejectOf({ line }: { readonly line: string }): PreviewReport['rejected'][number] {
  const parsed = parseJson(line);
  const { reason = '', record = null } = isJsonObject(parsed) ? parsed : {};
  return {
    reason: typeof reason === 'string' ? reason : '',
    record: cutText(JSON.stringify(record), maxRecordText),
  };
}

/** Where an item came from, as far as it knows. */
function factsOf(source: Source<unknown>, item: unknown): Pick<PreviewReport, 'url' | 'status'> {
  if (item === undefined) return { url: null, status: null };
  const { url } = source.provenance(item);
  const { facts } = item as { facts?: { status?: unknown } };
  const status = facts?.status;
  return { url, status: typeof status === 'number' ? status : null };
}

function tooLong(): NonNullable<PreviewReport['failure']> {
  const message = `Nothing to show came within ${longestMs / 1000} s.`;
  return { kind: 'timeout', code: 'PREVIEW_TIMEOUT', message, data: {}, delayMs: null };
}

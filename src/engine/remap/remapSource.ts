import type { Collection } from '../../core/config.ts';
import { FaultError, PauseError } from '../../core/errors.ts';
import type { HostHealth } from '../../core/events.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import type { Logger } from '../../core/ports.ts';
import type { ClaimedUnit, NewUnit, Unit } from '../../core/unit.ts';
import { createSource } from '../../sources/registry.ts';
import type {
  CollectContext,
  ItemFacts,
  Page,
  Source,
  SourceContext,
  SourceTraits,
} from '../../sources/source.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import { SessionLayout } from '../../storage/layout.ts';
import { readSession, type SessionReading } from '../../storage/sessionReader.ts';
import { rawPages, rawStart, type RawPlace } from './rawPages.ts';

/** What of a source makes records of items, and calls nobody. */
type Mapper = Omit<Source<unknown>, 'plan' | 'collect' | 'health' | 'traits'>;

/** An item of a raw file, with the unit that it was received for. */
export interface RemapItem {
  readonly unit: Unit;
  readonly raw: JsonValue;
  /** The item that the source makes of it, once it was asked for. */
  item?: unknown;
}

/** Units of a session that are kept at hand: pages of several of them come in turns. */
const unitsAtHand = 1000;
const lane = 'raw';

/**
 * A source whose items are those that another session has in its raw files: one unit for each file, read in order and
 * page by page, so that records come in the order in which they were received. Records are made by the source that the
 * collection names; it is never asked to collect, and gets neither secrets nor requests.
 */
export async function createRemapSource(
  fileSystem: FileSystem,
  collection: Collection,
  context: SourceContext,
): Promise<Source<RemapItem>> {
  const { remap } = collection;
  if (remap === undefined) throw new Error('The collection re-maps no session');
  const mapper = await createSource(collection.source, offline(context));
  return new RemapSource(fileSystem, remap, mapper, context);
}

/** What a source gets that must not call out. */
function offline(context: SourceContext): SourceContext {
  const refuse = (): Promise<never> => {
    const message = 'Re-mapping sends nothing, and the source was about to.';
    return Promise.reject(new FaultError('REMAP_CALLS_OUT', message));
  };
  // What is not sent needs no secret: their names stand for them, as in what was received.
  const secrets = { get: (name: string) => Promise.resolve(`\${secret:${name}}`) };
  return { ...context, secrets, requests: { take: refuse }, health: [] };
}

class RemapSource implements Source<RemapItem> {
  readonly type = 'raw';
  readonly traits: SourceTraits = {
    paid: false,
    discovers: false,
    resumesMidUnit: true,
    inOrder: true,
  };
  readonly #fileSystem: FileSystem;
  readonly #remap: NonNullable<Collection['remap']>;
  readonly #mapper: Mapper;
  readonly #logger: Logger;
  readonly #layout: SessionLayout;
  #reading: Promise<SessionReading> | undefined;
  readonly #units = new Map<number, Unit>();

  constructor(
    fileSystem: FileSystem,
    remap: NonNullable<Collection['remap']>,
    mapper: Mapper,
    { root, logger }: SourceContext,
  ) {
    this.#fileSystem = fileSystem;
    this.#remap = remap;
    this.#mapper = mapper;
    this.#logger = logger;
    this.#layout = new SessionLayout(root, remap.session);
  }

  async *plan(): AsyncGenerator<NewUnit, void, void> {
    await Promise.resolve();
    for (const file of this.#remap.files) {
      yield { key: file, lane, group: groupOf(file), input: {} };
    }
  }

  async *collect(
    unit: ClaimedUnit,
    { signal }: CollectContext,
  ): AsyncGenerator<Page<RemapItem>, void, void> {
    const { index } = await this.#session();
    const file = unit.key;
    const path = this.#layout.absolute(file);
    if ((await this.#fileSystem.status(path)) === undefined) throw missing(file);
    const part = {
      fileSystem: this.#fileSystem,
      journal: this.#layout.journal,
      seq: this.#remap.seq,
    };
    let place = (unit.cursor as unknown as RawPlace | undefined) ?? rawStart;
    for await (const { items, after } of rawPages(part, file, path, place, signal)) {
      place = after;
      yield {
        items: items.map(({ unit: n, item }) => ({ unit: this.#unit(n, index), raw: item })),
        cursor: { ...after },
      };
      signal.throwIfAborted();
    }
    this.#tell(file, place);
    yield { items: [], end: { by: 'end of the raw file' } };
  }

  async makesRecord(item: RemapItem): Promise<boolean> {
    return (await this.#mapper.makesRecord?.(this.#itemOf(item), item.unit)) ?? true;
  }

  map(item: RemapItem): JsonObject | Promise<JsonObject> {
    return this.#mapper.map(this.#itemOf(item), item.unit);
  }

  facts(item: RemapItem): ItemFacts {
    const { unit } = item;
    try {
      return { ...this.#mapper.facts?.(this.#itemOf(item)), unit };
    } catch {
      // Said again where it is mapped: there it rejects the one item.
      return { unit };
    }
  }

  toRaw({ raw }: RemapItem): JsonValue {
    return raw;
  }

  fromRaw(raw: JsonValue, unit: Unit): RemapItem {
    return { raw, unit };
  }

  provenance(item: RemapItem): { readonly url: string; readonly fetchedAt: string } {
    return this.#mapper.provenance(this.#itemOf(item));
  }

  health(): readonly HostHealth[] {
    return [];
  }

  async close(): Promise<void> {
    const reading = await this.#reading?.catch(() => undefined);
    reading?.index.close();
    await this.#mapper.close();
  }

  #itemOf(item: RemapItem): unknown {
    item.item ??= this.#mapper.fromRaw(item.raw, item.unit);
    return item.item;
  }

  /** The session that is read, as far as it had got. */
  #session(): Promise<SessionReading> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  async #read(): Promise<SessionReading> {
    const { session, seq, sum } = this.#remap;
    if ((await this.#fileSystem.status(this.#layout.journal)) === undefined) {
      const message = `The session ${session}, whose raw items are mapped again, is not there any more: without its journal they have no units.`;
      throw new PauseError('SESSION_GONE', message, { session });
    }
    const found = { sum: '' };
    const reading = await readSession(this.#fileSystem, this.#layout, (entry) => {
      if (entry.seq === seq) found.sum = entry.position.sum;
    });
    if (found.sum === sum) return reading;
    reading.index.close();
    const message = `The journal of ${session} is not the one whose raw items were being mapped. Begin another re-map.`;
    throw new PauseError('SESSION_CHANGED', message, { session });
  }

  #unit(n: number, index: SessionReading['index']): Unit {
    const known = this.#units.get(n);
    if (known !== undefined) return known;
    const found = index.unit(n);
    const unit: Unit =
      found === undefined
        ? // Its line of the journal is lost.
          { n, key: `unit ${n}`, lane, group: lane, input: {} }
        : { n, key: found.key, lane: found.lane, group: found.group, input: found.input };
    if (this.#units.size >= unitsAtHand) this.#units.clear();
    this.#units.set(n, unit);
    return unit;
  }

  #tell(file: string, { pages, items, unfinished, lost }: RawPlace): void {
    const fields = { file, pages, items, unfinished, lost };
    this.#logger.info(fields, `${items} items of ${pages} pages were mapped again.`);
    if (unfinished > 0) {
      this.#logger.warn(
        fields,
        `${unfinished} pages in ${file} are not whole, and were left out: they were never acknowledged.`,
      );
    }
    if (lost > 0) {
      this.#logger.warn(
        fields,
        `${lost} lines of ${file} are damaged, and were left out: cf-collect validate ${this.#remap.session} says where.`,
      );
    }
  }
}

/** `data/raw/books_raw_20261121_161500.jsonl` becomes `books_raw_20261121_161500`. */
function groupOf(file: string): string {
  return toFileName((file.split('/').at(-1) ?? file).replace(/\.jsonl$/, ''));
}

function missing(file: string): PauseError {
  const message = `The raw file ${file} is not there. Put it back, then resume.`;
  return new PauseError('RAW_FILE_MISSING', message, { file });
}

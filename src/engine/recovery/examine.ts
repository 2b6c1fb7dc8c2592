import { collectionSchema, type Collection } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import type { RequeueSinceEvent } from '../../core/events.ts';
import type { Clock } from '../../core/ports.ts';
import { maxNamed, type KnownUnits, type MoneyState } from '../../core/recoveryData.ts';
import type { Unit } from '../../core/unit.ts';
import { cutShort, type SessionState, type SessionView } from '../../core/view.ts';
import { doubtRuleOf } from '../../sources/registry.ts';
import { listCheckpoints, type StoredCheckpoint } from '../../storage/checkpointFiles.ts';
import { checkDataFiles, type DataFileCheck } from '../../storage/dataFileCheck.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import type { GroupView } from '../../storage/groupTable.ts';
import type { JournalScan } from '../../storage/journalReader.ts';
import type { SessionLayout } from '../../storage/layout.ts';
import { isHolderAlive, readHolder, type Holder } from '../../storage/lock.ts';
import { freeBytesAt, type Machine } from '../../storage/machine.ts';
import { readSessionHeader } from '../../storage/sessionHeader.ts';
import type { SessionIndex } from '../../storage/sessionIndex.ts';
import { readLogTail, type LogLine } from '../../storage/sessionLog.ts';
import { readSession, type IndexCondition } from '../../storage/sessionReader.ts';
import type { ChosenCheckpoint } from './chooseCheckpoint.ts';
import { JournalFacts } from './journalFacts.ts';

/** What looking at a session needs. */
export interface ExaminePorts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly machine: Machine;
}

/** A unit that was being worked on. */
export interface OpenUnit extends Pick<Unit, 'n' | 'key' | 'group'> {
  /** It goes on in its middle. */
  readonly hasCursor: boolean;
}

/** Everything that the bytes of a session say about it, read at one time. */
export interface Examined {
  readonly layout: SessionLayout;
  readonly collection: Collection;
  readonly machine: Machine;
  /** Wall clock when the reading began, milliseconds since 1970. */
  readonly now: number;
  readonly readMs: number;
  /** Of one that nobody holds and that did not end in order, as it is now: interrupted. */
  readonly view: SessionView;
  /** The state that the journal leaves it in. */
  readonly journalState: SessionState;
  readonly facts: JournalFacts;
  readonly scan: JournalScan;
  readonly journalBytes: number;
  readonly indexCondition: IndexCondition;
  readonly groups: readonly (readonly [string, GroupView])[];
  readonly units: Readonly<Record<'done' | 'pending' | 'failed', KnownUnits>>;
  readonly openUnits: readonly OpenUnit[];
  /** Groups of units of which lines are lost. */
  readonly damagedGroups: ReadonlySet<string>;
  /** Pending units that go on in their middle. */
  readonly pendingAtCursor: number;
  readonly money: MoneyState;
  /** Lines of the journal are damaged in which paid calls may be, and nobody has said what to do about it. */
  readonly hasPaidGap: boolean;
  readonly checkpoints: readonly StoredCheckpoint[];
  readonly data: DataFileCheck;
  /** undefined when nobody holds it. */
  readonly holder: Holder | undefined;
  readonly log: readonly LogLine[];
  /** Bytes that may still be written; undefined when that is not known. */
  readonly freeBytes: number | undefined;
  /** Units that taking it up from the checkpoint would give back, by the state that they are in; none without one. */
  readonly movedSince: RequeueSinceEvent['from'] | undefined;
}

/**
 * Reads all that is known of a session. Nothing is locked and nothing is written, also while it is being carried out:
 * then it is what was durable at one moment.
 *
 * @param checkpoint that it would be taken up from.
 * @throws FaultError when the first line of the journal can't be read; UsageError `CHECKPOINT_OF_ANOTHER_JOURNAL` when the
 * journal does not have the line that the checkpoint is of.
 */
export async function examineSession(
  ports: ExaminePorts,
  layout: SessionLayout,
  checkpoint?: ChosenCheckpoint,
): Promise<Examined> {
  const { fileSystem, clock, machine } = ports;
  const now = clock.now();
  const startedMs = clock.monotonicMs();
  const header = await readSessionHeader({ fileSystem }, layout);
  const collection = collectionSchema.parse(header.collection);
  const named = await readHolder(layout.holder);
  const holder = named !== undefined && isHolderAlive(named, machine) ? named : undefined;
  const facts = new JournalFacts();
  const sumsThere = new Set<string>();
  const reading = await readSession(fileSystem, layout, (entry) => {
    facts.add(entry);
    if (entry.seq === checkpoint?.seq) sumsThere.add(entry.position.sum);
  });
  try {
    if (checkpoint !== undefined && !sumsThere.has(checkpoint.sum)) {
      throw ofAnotherJournal(layout, checkpoint);
    }
    const { index, view, scan, indexCondition } = reading;
    const data = await checkDataFiles(fileSystem, layout, collection, view.files);
    const damagedUnits = new Set(data.damage.flatMap((d) => d.units.map(({ unit }) => unit)));
    const doubtRule = doubtRuleOf(collection);
    const money = facts.money.state((unit) => index.unit(unit)?.key, doubtRule ?? 'ask');
    const examined = {
      layout,
      collection,
      machine,
      now,
      view: holder === undefined ? asFound(view) : view,
      journalState: view.state,
      facts,
      scan,
      journalBytes: (await fileSystem.status(layout.journal))?.size ?? 0,
      indexCondition,
      groups: [...index.groups.entries()].map(([name, group]) => [name, group] as const),
      units: {
        done: known(index, view, 'done'),
        pending: known(index, view, 'pending'),
        failed: known(index, view, 'failed'),
      },
      openUnits: index.unitsInState('in_progress').map(({ n, key, group, cursor }) => ({
        n,
        key,
        group,
        hasCursor: cursor !== undefined,
      })),
      damagedGroups: groupsOf(index, damagedUnits),
      pendingAtCursor: index.pendingAtCursor(),
      money,
      hasPaidGap: doubtRule !== undefined && scan.gaps.length > 0 && !facts.areGapsKnown,
      checkpoints: await listCheckpoints(fileSystem, layout),
      data,
      holder,
      log: await readLogTail(fileSystem, layout),
      freeBytes: await freeBytesAt(layout.root),
      movedSince: checkpoint === undefined ? undefined : index.unitsMovedSince(checkpoint.seq),
    };
    return { ...examined, readMs: clock.monotonicMs() - startedMs };
  } finally {
    reading.index.close();
  }
}

function ofAnotherJournal(layout: SessionLayout, { id, seq }: ChosenCheckpoint): UsageError {
  return new UsageError(
    'CHECKPOINT_OF_ANOTHER_JOURNAL',
    `${id} is of a journal line ${seq + 1} that ${layout.journal} does not have: the journal was replaced or damaged there. Choose another checkpoint, or resume without one.`,
    { checkpoint: id, file: layout.journal },
  );
}

/** Of a session that nobody holds. */
function asFound(view: SessionView): SessionView {
  const isDead = view.state === 'active' || view.state === 'paused';
  return isDead ? { ...cutShort(view), state: 'interrupted' } : view;
}

function known(
  index: SessionIndex,
  view: SessionView,
  state: 'done' | 'pending' | 'failed',
): KnownUnits {
  const keys = index.unitsInState(state, 0, maxNamed).map((unit) => unit.key);
  return { count: view.units[state], keys };
}

function groupsOf(index: SessionIndex, units: ReadonlySet<number>): Set<string> {
  const groups = new Set<string>();
  for (const n of units) {
    const group = index.unit(n)?.group;
    if (group !== undefined) groups.add(group);
  }
  return groups;
}

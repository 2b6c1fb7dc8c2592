import { distance } from 'fastest-levenshtein';
import { UsageError } from '../../core/errors.ts';
import { isJsonObject, parseJson, type JsonValue } from '../../core/json.ts';
import {
  checkpointFormat,
  listCheckpoints,
  type StoredCheckpoint,
} from '../../storage/checkpointFiles.ts';
import type { FileSystem } from '../../storage/fileSystem.ts';
import type { SessionLayout } from '../../storage/layout.ts';

/** A checkpoint that a session can be taken up from. */
export interface ChosenCheckpoint {
  readonly id: string;
  /** The journal line that it is of, from 0. */
  readonly seq: number;
  /** The sum of that line: it has to be in the journal. */
  readonly sum: string;
}

const nearShown = 5;

/**
 * Finds a checkpoint by its id, the beginning of it, or what it ends with.
 *
 * @throws UsageError `UNKNOWN_CHECKPOINT` naming the near ones, `CHECKPOINT_OF_ANOTHER_SESSION`, `CHECKPOINT_TOO_NEW`,
 * `CHECKPOINT_DAMAGED` naming the newest whole one.
 */
export async function chooseCheckpoint(
  fileSystem: FileSystem,
  layout: SessionLayout,
  wanted: string,
): Promise<ChosenCheckpoint> {
  const all = await listCheckpoints(fileSystem, layout);
  const matching = matchesOf(all, layout.session, wanted);
  const [only] = matching;
  if (only === undefined || matching.length > 1) {
    const other = /^checkpoint_(session_[0-9a-f]+)_/.exec(wanted)?.[1];
    if (only === undefined && other !== undefined && other !== layout.session) {
      throw ofAnother(layout, wanted, other);
    }
    throw unknown(layout, wanted, matching.length > 1 ? matching : all, matching.length > 1);
  }
  await refuseForeign(fileSystem, layout, only);
  const { data } = only;
  const seq = data?.collector['seq'];
  const sum = data?.collector['journal_sum'];
  if (typeof seq !== 'number' || typeof sum !== 'string') throw damaged(only, all);
  return { id: only.id, seq, sum };
}

function matchesOf(
  all: readonly StoredCheckpoint[],
  session: string,
  wanted: string,
): readonly StoredCheckpoint[] {
  const exact = all.filter((c) => c.id === wanted);
  if (exact.length > 0 || wanted === '') return exact;
  const starts = [wanted, `checkpoint_${wanted}`, `checkpoint_${session}_${wanted}`];
  return all.filter(
    ({ id }) => starts.some((start) => id.startsWith(start)) || id.endsWith(`_${wanted}`),
  );
}

/** What a file's own words say about why it can't be used here, where they can be read. */
async function refuseForeign(
  fileSystem: FileSystem,
  layout: SessionLayout,
  { id, path }: StoredCheckpoint,
): Promise<void> {
  const content = await contentOf(fileSystem, path);
  if (!isJsonObject(content)) return;
  const { session_id: session, collector } = content;
  if (typeof session === 'string' && session !== layout.session) {
    throw ofAnother(layout, id, session);
  }
  const format = isJsonObject(collector) ? collector['format'] : undefined;
  if (typeof format === 'number' && format > checkpointFormat) {
    throw new UsageError(
      'CHECKPOINT_TOO_NEW',
      `${id} has format ${format}; this version reads up to ${checkpointFormat}. Update CF Collector.`,
      { checkpoint: id, format },
    );
  }
}

async function contentOf(fileSystem: FileSystem, path: string): Promise<JsonValue> {
  try {
    return parseJson((await fileSystem.readWhole(path)).toString());
  } catch {
    return null;
  }
}

function unknown(
  { session }: SessionLayout,
  wanted: string,
  candidates: readonly StoredCheckpoint[],
  isAmbiguous: boolean,
): UsageError {
  const near = [...candidates]
    .sort((a, b) => distance(a.id, wanted) - distance(b.id, wanted))
    .slice(0, nearShown)
    .map(({ id, data, seq }) => {
      const what =
        data === undefined
          ? 'damaged'
          : `${data.checkpoint_type}, journal line ${seq + 1}, ${data.papers_collected} records`;
      return `  ${id}  ${what}`;
    });
  const problem = isAmbiguous
    ? `stands for several checkpoints of ${session}`
    : `is no checkpoint of ${session}`;
  const hint = near.length === 0 ? 'It has none.' : `The nearest are:\n${near.join('\n')}`;
  return new UsageError('UNKNOWN_CHECKPOINT', `"${wanted}" ${problem}. ${hint}`, {
    session,
    checkpoint: wanted,
  });
}

function ofAnother({ session }: SessionLayout, checkpoint: string, other: string): UsageError {
  return new UsageError(
    'CHECKPOINT_OF_ANOTHER_SESSION',
    `${checkpoint} is a checkpoint of ${other}, not of ${session}. Resume ${other} from it.`,
    { checkpoint, session, other },
  );
}

function damaged({ id }: StoredCheckpoint, all: readonly StoredCheckpoint[]): UsageError {
  const whole = all.find((c) => c.data !== undefined);
  const next =
    whole === undefined
      ? 'No other one is whole; resume without a checkpoint, from the journal.'
      : `The newest whole one is ${whole.id}. Or resume without a checkpoint, from the journal.`;
  return new UsageError('CHECKPOINT_DAMAGED', `${id} is damaged: its sums do not hold. ${next}`, {
    checkpoint: id,
  });
}

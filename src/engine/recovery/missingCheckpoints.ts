import type { NamedCheckpoint } from './journalFacts.ts';

/**
 * Checkpoints that the journal names, that were not cleaned up, and that are not there. Cleaning up is not journalled,
 * but it takes the oldest first and leaves `keep`: so one that is gone while an older one is there was not cleaned up;
 * where none is left, the newest `keep` were not.
 */
export function missingCheckpoints(
  journalled: readonly NamedCheckpoint[],
  present: ReadonlySet<string>,
  keep: number,
): string[] {
  const oldest = journalled.find((checkpoint) => present.has(checkpoint.id));
  const kept =
    oldest === undefined
      ? journalled.slice(-keep)
      : journalled.filter((checkpoint) => checkpoint.seq > oldest.seq);
  return kept.filter((checkpoint) => !present.has(checkpoint.id)).map((c) => c.id);
}

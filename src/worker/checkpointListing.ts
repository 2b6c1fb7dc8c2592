import { UsageError } from '../core/errors.ts';
import { parseJson, type JsonValue } from '../core/json.ts';
import type { CheckpointContent, CheckpointListing } from '../protocol/worker.ts';
import { listCheckpoints, type StoredCheckpoint } from '../storage/checkpointFiles.ts';
import { nodeFileSystem } from '../storage/fileSystem.ts';
import type { SessionLayout } from '../storage/layout.ts';

/** A checkpoint file as the tree shows it. */
export function checkpointListing({ id, path, data, seq }: StoredCheckpoint): CheckpointListing {
  return {
    id,
    path,
    seq,
    type: data?.checkpoint_type ?? 'batch_completed',
    at: data === undefined ? '' : new Date(data.timestamp).toISOString(),
    valid: data !== undefined,
    records: data?.papers_collected ?? 0,
  };
}

/** One checkpoint file's content. @throws UsageError when the session has none of that id. */
export async function readCheckpointContent(
  layout: SessionLayout,
  id: string,
): Promise<CheckpointContent> {
  const stored = (await listCheckpoints(nodeFileSystem, layout)).find((c) => c.id === id);
  if (stored === undefined) {
    throw new UsageError('UNKNOWN_CHECKPOINT', `${layout.session} has no checkpoint ${id}.`, {
      checkpoint: id,
    });
  }
  return { listing: checkpointListing(stored), content: await contentOf(stored.path) };
}

async function contentOf(path: string): Promise<JsonValue> {
  try {
    return parseJson((await nodeFileSystem.readWhole(path)).toString());
  } catch {
    return null;
  }
}

import { dirname } from 'node:path';
import type { JsonObject } from '../core/json.ts';
import type { SessionResumeResult } from '../core/recoveryData.ts';
import { writeWithMeta } from './checkpointFiles.ts';
import { makeDirectoryDurably } from './durableFiles.ts';
import type { FileSystem } from './fileSystem.ts';
import type { SessionLayout } from './layout.ts';

/** Writes down, with its `.meta`, what resuming a session did. For people: nothing reads it back. */
export async function writeRecoveryReport(
  fileSystem: FileSystem,
  layout: SessionLayout,
  result: SessionResumeResult,
  now: number,
): Promise<void> {
  const path = layout.recovery(result.plan_id);
  await makeDirectoryDurably(fileSystem, dirname(path));
  await writeWithMeta(fileSystem, path, result as unknown as JsonObject, now);
}

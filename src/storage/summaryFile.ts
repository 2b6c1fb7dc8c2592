import { venueYear } from '../core/checkpointData.ts';
import type { HostHealth } from '../core/events.ts';
import { apiHealthStatus, rateLimitStatus } from '../core/checkpointData.ts';
import type { JsonObject } from '../core/json.ts';
import type { SessionView } from '../core/view.ts';
import { readWithMeta, writeWithMeta } from './checkpointFiles.ts';
import { replaceFileDurably } from './durableFiles.ts';
import { hasCode, type FileSystem } from './fileSystem.ts';
import type { GroupTable } from './groupTable.ts';
import type { SessionLayout } from './layout.ts';

/**
 * Writes session.json (the second earlier system's `CollectionSession`), its `.meta`, and the copy before it as
 * `.backup`. All derived from the journal: made again when they disagree with it, never read to find out what is true.
 */
export async function writeSummary(
  fileSystem: FileSystem,
  layout: SessionLayout,
  view: SessionView,
  groups: GroupTable,
  health: readonly HostHealth[],
): Promise<void> {
  // Only a copy that is whole becomes the backup.
  if ((await readWithMeta(fileSystem, layout.summary)) !== undefined) {
    try {
      const previous = await fileSystem.readWhole(layout.summary);
      await replaceFileDurably(fileSystem, `${layout.summary}.backup`, previous);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  const summary = sessionSummary(view, groups, health);
  await writeWithMeta(fileSystem, layout.summary, summary, Date.parse(view.lastEventAt));
}

function sessionSummary(
  view: SessionView,
  groups: GroupTable,
  health: readonly HostHealth[],
): JsonObject {
  const all = [...groups.entries()];
  const years = [...new Set(all.map(([name]) => venueYear(name)[1]))].sort();
  const open = all.filter(([, g]) => g.units.pending + g.units.in_progress > 0);
  const ended = all.filter(([, g]) => g.units.pending + g.units.in_progress === 0);
  return {
    session_id: view.session,
    creation_time: view.createdAt,
    last_activity_time: view.lastEventAt,
    status: view.state === 'stopped' ? 'paused' : view.state === 'faulted' ? 'failed' : view.state,
    target_venues: targetVenues(all.map(([name]) => name)),
    target_years: years,
    collection_config: { name: view.name, file: view.collectionFile },
    venues_completed: ended
      .filter(([, g]) => g.units.failed === 0)
      .map(([name]) => venueYear(name)),
    venues_in_progress: open.map(([name]) => venueYear(name)),
    venues_failed: ended.filter(([, g]) => g.units.failed > 0).map(([name]) => venueYear(name)),
    total_papers_collected: view.records,
    papers_by_venue: Object.fromEntries(all.map(([name, g]) => [name, g.records])),
    collection_duration_seconds: Math.round(view.activeMs / 1000),
    last_checkpoint_id: view.lastCheckpoint?.id ?? null,
    checkpoint_count: view.checkpointCount,
    error_count: view.units.failed,
    api_status: Object.fromEntries(health.map((h) => [h.host, apiHealthStatus(h)])),
    rate_limits: Object.fromEntries(health.map((h) => [h.host, rateLimitStatus(h, undefined)])),
    journal_seq: view.seq,
  };
}

function targetVenues(groups: readonly string[]): JsonObject[] {
  const years = new Map<string, number[]>();
  for (const group of groups) {
    const [venue, year] = venueYear(group);
    years.set(venue, [...(years.get(venue) ?? []), year]);
  }
  return [...years].map(([venue_name, target_years]) => ({
    venue_name,
    target_years,
    priority: 1,
  }));
}

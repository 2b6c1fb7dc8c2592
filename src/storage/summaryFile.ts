import { apiHealthStatus, localIso, rateLimitStatus, venueYear } from '../core/checkpointData.ts';
import type { VenueYear } from '../core/venueYear.ts';
import type { Collection } from '../core/config.ts';
import { asJson } from '../core/digest.ts';
import type { HostHealth } from '../core/events.ts';
import type { JsonObject } from '../core/json.ts';
import type { SessionState } from '../core/view.ts';
import { isOpen, papersByVenue, readWithMeta, writeWithMeta } from './checkpointFiles.ts';
import type { FileSystem } from './fileSystem.ts';
import type { GroupView } from './groupTable.ts';
import type { SessionLayout } from './layout.ts';
import { maxListed } from './indexFold.ts';
import type { SessionIndex } from './sessionIndex.ts';

/**
 * Writes session.json (the second earlier system's `CollectionSession`), its `.meta`, and the copy before it as
 * `.backup`. All derived from the journal: made again when they disagree with it, never read to find out what is true.
 */
export async function writeSummary(
  fileSystem: FileSystem,
  layout: SessionLayout,
  collection: Collection,
  index: Pick<SessionIndex, 'view' | 'groups'>,
  health: readonly HostHealth[],
): Promise<void> {
  const summary = sessionSummary(collection, index, health);
  const at = Date.parse(index.view.lastEventAt);
  // Only a copy that is whole becomes the backup.
  const previous = await readWithMeta(fileSystem, layout.summary);
  if (previous !== undefined) {
    await writeWithMeta(fileSystem, `${layout.summary}.backup`, previous, at);
  }
  await writeWithMeta(fileSystem, layout.summary, summary, at);
}

function sessionSummary(
  collection: Collection,
  { view, groups }: Pick<SessionIndex, 'view' | 'groups'>,
  health: readonly HostHealth[],
): JsonObject {
  const all = groups.size > maxListed ? [] : [...groups.entries()];
  const venues = (test: (group: GroupView) => boolean): VenueYear[] =>
    all.filter(([, group]) => test(group)).map(([name]) => venueYear(name));
  const years = [...new Set(all.map(([name]) => venueYear(name)[1]))].sort((a, b) => a - b);
  const { ratePerSecond } = collection.limits.perHost;
  return {
    session_id: view.session,
    creation_time: localIso(Date.parse(view.createdAt)),
    last_activity_time: localIso(Date.parse(view.lastEventAt)),
    status: summaryStatus[view.state],
    target_venues: targetVenues(all.map(([name]) => name)),
    target_years: years,
    collection_config: asJson(collection),
    venues_completed: venues((group) => !isOpen(group) && group.units.failed === 0),
    venues_in_progress: venues(isOpen),
    venues_failed: venues((group) => !isOpen(group) && group.units.failed > 0),
    total_papers_collected: view.records,
    papers_by_venue: papersByVenue(all),
    collection_duration_seconds: Math.round(view.activeMs / 1000),
    last_checkpoint_id: view.lastCheckpoint?.id ?? null,
    checkpoint_count: view.checkpointCount,
    error_count: view.units.failed,
    api_status: Object.fromEntries(health.map((h) => [h.host, apiHealthStatus(h)])),
    rate_limits: Object.fromEntries(health.map((h) => [h.host, rateLimitStatus(h, ratePerSecond)])),
    // What that system did not know.
    collection_file: view.collectionFile,
    journal_seq: view.seq,
    venues: groups.size,
    venues_are_listed: groups.size <= maxListed,
  };
}

/** That system had no word for a session that was stopped: one to be taken up again was paused. */
const summaryStatus: Readonly<Record<SessionState, string>> = {
  active: 'active',
  paused: 'paused',
  stopped: 'paused',
  interrupted: 'interrupted',
  faulted: 'failed',
  completed: 'completed',
};

/** Its `VenueConfig`s. It had limits by venue and year and priorities, which we have not: null, and its middle. */
function targetVenues(groups: readonly string[]): JsonObject[] {
  const years = new Map<string, number[]>();
  for (const group of groups) {
    const [venue, year] = venueYear(group);
    const known = years.get(venue);
    if (known === undefined) years.set(venue, [year]);
    else known.push(year);
  }
  return [...years].map(([venue_name, target_years]) => ({
    venue_name,
    target_years,
    max_papers_per_year: null,
    priority: 1,
  }));
}

import { basename } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import type { ImportedEvent } from '../../core/events.ts';
import { toFileName } from '../../core/names.ts';
import { setKey, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { NewUnit } from '../../core/unit.ts';
import { SessionLayout } from '../../storage/layout.ts';
import type { Detected } from './detect.ts';
import { count } from './importNotes.ts';
import {
  importedFrom,
  namedCollection,
  withMadeCollection,
  type ImportTask,
  type NamedCollection,
} from './importTask.ts';
import { makeSession, type EarlierUnit } from './makeSession.ts';
import { collectionsFor, type VenueCollection } from './openReview.ts';
import { plannedUnits } from './plannedUnits.ts';
import { groupName, readVenues, type EarlierVenue } from './venueState.ts';

/**
 * Carries compute-forecast's state over: each venue and year is a unit, done where that system had seen its end, with the
 * papers that its checkpoints list.
 */
export async function importComputeForecast(task: ImportTask, detected: Detected): Promise<void> {
  const { environment, notes } = task;
  const { fileSystem } = environment.ports;
  const venues = await readVenues(fileSystem, detected.folder, detected.files, notes);
  if (venues.length === 0) {
    const { notCarriedOver } = notes.report();
    const why = notCarriedOver.map(({ what, why: reason }) => `${what}: ${reason}`).join('; ');
    throw new UsageError(
      'NO_VENUES',
      `${task.path} has no state of compute-forecast that can be carried over${why === '' ? '' : ` (${why})`}.`,
      { path: task.path },
    );
  }
  const named = await namedCollection(task);
  if (named !== undefined) {
    await carryOver(task, named, venues);
    return;
  }
  const again: UsageError[] = [];
  const parts = collectionsFor(venues, task.name);
  for (const part of parts) {
    try {
      await importPart(task, part);
    } catch (error) {
      if (!(error instanceof UsageError) || error.code !== 'ALREADY_IMPORTED') throw error;
      again.push(error);
      notes.warn(error.message);
    }
  }
  const [first] = again;
  if (first !== undefined && again.length === parts.length) throw first;
}

async function importPart(task: ImportTask, part: VenueCollection): Promise<void> {
  const { content, isKnown, venues } = part;
  const name = toFileName(part.name);
  const isDone = venues.every((venue) => venue.isDone);
  const comment = [
    'Made by cf-collect import from the state of compute-forecast.',
    ...(isKnown ? [] : isDone ? fillInForMore : fillInFirst(name)),
  ];
  const isSession = isKnown || isDone;
  const imported = isSession ? importedOf(task, venues) : undefined;
  const toMake = { content: { ...content, name }, comment, imported };
  await withMadeCollection(task, toMake, async (made) => {
    if (isSession) {
      await carryOver(task, made, venues);
      return;
    }
    task.notes.notCarriedOver(
      venues.map(groupName).join(', '),
      `it is not known where its papers come from: fill in "source" of ${made.file}, then import again with --collection ${basename(made.file)}`,
    );
  });
}

const fillInForMore = [
  'What it was made for is collected. To collect more, fill in "source" and start a new session.',
];

function fillInFirst(name: string): string[] {
  return [
    'Fill in where the papers come from ("url", "query", "items", "fields"). Then:',
    `  cf-collect import PATH --collection ${name}.collect.json`,
  ];
}

async function carryOver(
  task: ImportTask,
  { file, collection }: NamedCollection,
  venues: readonly EarlierVenue[],
): Promise<void> {
  const { environment, notes, job } = task;
  const planned = await unitsByGroup(task, { file, collection });
  const units: EarlierUnit[] = [];
  const carried: EarlierVenue[] = [];
  for (const venue of venues) {
    const unit = planned.get(comparable(groupName(venue)));
    if (unit === undefined) {
      notes.notCarriedOver(groupName(venue), `${basename(file)} does not collect it`);
      continue;
    }
    carried.push(venue);
    units.push({
      unit,
      doneBy: venue.isDone ? `imported from ${basename(venue.sources[0]?.path ?? '')}` : undefined,
      records: venue.papers.map((paper) => ({ record: toRecord(paper, venue) })),
    });
  }
  if (carried.length === 0) {
    const groups = [...planned.values()].slice(0, 5).map(({ group }) => group);
    throw new UsageError(
      'COLLECTION_MISMATCH',
      `${file} collects ${groups.join(', ')}${planned.size > 5 ? ' …' : ''}, and nothing of ${venues.map(groupName).join(', ')}, which ${task.path} has. Its units are matched by "venue_year".`,
      { file },
    );
  }
  const made = await makeSession(
    environment,
    {
      workspace: task.workspace,
      collectionFile: file,
      collection,
      imported: importedOf(task, carried),
      units,
      total: carried.reduce((sum, { papers }) => sum + papers.length, 0),
    },
    job,
  );
  notes.session(made);
  tell(task, carried);
}

/** What is carried over of the venues, and what is not. */
function tell({ notes }: ImportTask, venues: readonly EarlierVenue[]): void {
  const done = venues.filter(({ isDone }) => isDone);
  if (done.length > 0) {
    notes.carriedOver(
      `${count(done.length, 'venue')} done, not to be collected again: ${done.map(groupName).join(', ')}`,
    );
  }
  const open = venues.filter(({ isDone }) => !isDone);
  if (open.length > 0) {
    notes.carriedOver(
      `${count(open.length, 'venue')} to collect, each from its beginning: ${open.map(groupName).join(', ')}`,
    );
  }
  for (const venue of venues) {
    const { papers, claimed } = venue;
    const name = groupName(venue);
    if (claimed > papers.length) {
      notes.notCarriedOver(
        `${claimed - papers.length} of ${count(claimed, 'paper')} of ${name}`,
        'the checkpoints count them and do not list them; they are in the files that compute-forecast wrote',
      );
    }
  }
  const begun = open.filter(({ papers }) => papers.length > 0);
  if (begun.length > 0) {
    notes.warn(
      `${begun.map(groupName).join(', ')}: the papers that were there already stay as short as they are when they are met again; the others come with all their fields. A new session of the collection has all of them whole.`,
    );
  }
  const listed = venues.filter(({ papers }) => papers.length > 0);
  if (listed.length > 0) {
    notes.notCarriedOver(
      `authors, abstracts and the like of the papers of ${listed.map(groupName).join(', ')}`,
      'a checkpoint has only title, paper_id and source_url of each',
    );
  }
}

function importedOf(
  task: ImportTask,
  venues: readonly EarlierVenue[],
): Omit<ImportedEvent, 'type'> {
  const all = venues.flatMap(({ sources }) => sources);
  const once = [...new Map(all.map((source) => [source.path, source])).values()];
  return importedFrom('compute-forecast-state', task, once);
}

async function unitsByGroup(
  { environment, job }: ImportTask,
  { file, collection }: NamedCollection,
): Promise<Map<string, NewUnit>> {
  const units = new Map<string, NewUnit>();
  const layout = new SessionLayout(file, 'none');
  for await (const unit of plannedUnits(environment, collection, layout, job.signal)) {
    units.set(comparable(unit.group), unit);
  }
  return units;
}

/** ICLR_2024 and iclr_2024 are the same venue and year. */
function comparable(group: string): string {
  return toFileName(group).toLowerCase();
}

function toRecord(paper: JsonObject, { venue, year }: EarlierVenue): JsonObject {
  const record: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(paper)) setKey(record, name, value);
  if (!Object.hasOwn(record, 'venue')) setKey(record, 'venue', venue);
  if (!Object.hasOwn(record, 'year')) setKey(record, 'year', year);
  return record;
}

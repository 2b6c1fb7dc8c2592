import { hash } from 'node:crypto';
import { join } from 'node:path';
import { checkpointChecksum, venueYear, type CheckpointData } from '../../core/checkpointData.ts';
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { SessionView } from '../../core/view.ts';
import { checkpointFormat } from '../../storage/checkpointFiles.ts';
import type { GroupTable } from '../../storage/groupTable.ts';
import type { PlacedEntry } from '../../storage/journal.ts';
import type { Findings } from './findings.ts';
import type { JournalFacts } from './journalPass.ts';
import { readMetaFile, type MetaFile } from './metaFile.ts';
import type { SessionSubject } from './subject.ts';

/** What a snapshot says, and what the journal has at its place. */
type Claims = Readonly<Record<string, JsonValue | undefined>>;

/** A checkpoint, session.json or its backup: something that says how the session was at one line of the journal. */
interface Snapshot {
  readonly kind: 'checkpoints' | 'summary';
  readonly path: string;
  /** Its id, of a checkpoint. */
  readonly id: string | undefined;
  readonly problem: string | undefined;
  /** Whether a process may have left it so that ended between the writing of it and of its `.meta`. */
  readonly isHalf: boolean;
  /** The journal line; -1 when it does not say. */
  readonly seq: number;
  readonly claims: Claims;
}

/** With more groups than this only their sum is compared. */
const maxComparedGroups = 5000;

/** Checkpoints, session.json and its backup, against their `.meta` and against the journal folded to their place. */
export class Snapshots {
  readonly #subject: SessionSubject;
  readonly #findings: Findings;
  readonly #bySeq = new Map<number, Snapshot[]>();
  readonly #all: readonly Snapshot[];
  readonly #named = new Set<string>();

  private constructor(subject: SessionSubject, findings: Findings, all: readonly Snapshot[]) {
    this.#subject = subject;
    this.#findings = findings;
    this.#all = all;
    for (const snapshot of all) {
      this.#bySeq.set(snapshot.seq, [...(this.#bySeq.get(snapshot.seq) ?? []), snapshot]);
    }
  }

  /** Reads what is there, before the journal is read: so nothing says more than the journal has. */
  static async read(subject: SessionSubject, findings: Findings): Promise<Snapshots> {
    const { layout, tools } = subject;
    const all: Snapshot[] = [];
    const names = await tools.fileSystem.list(layout.checkpoints);
    for (const name of names.filter((n) => /^checkpoint_.*\.json$/.test(n)).sort()) {
      tools.signal.throwIfAborted();
      const file = await readMetaFile(subject, join(layout.checkpoints, name));
      if (file !== undefined)
        all.push(checkpointOf(file, name.slice(0, -'.json'.length), layout.session));
    }
    const summaries: MetaFile[] = [];
    for (const path of [layout.summary, `${layout.summary}.backup`]) {
      const file = await readMetaFile(subject, path);
      if (file !== undefined) summaries.push(file);
    }
    for (const file of summaries) all.push(summaryOf(file, summaries));
    for (const { kind } of all) findings.checked(kind);
    return new Snapshots(subject, findings, all);
  }

  /** Whether something says how the session was at this journal line. */
  isWanted(seq: number): boolean {
    return this.#bySeq.has(seq);
  }

  /** Remembers which checkpoints the journal names. */
  take({ events }: PlacedEntry): void {
    for (const event of events) if (event.type === 'checkpoint') this.#named.add(event.id);
  }

  /** Compares what is said of a journal line with what the journal makes of it. */
  compare(
    { position }: PlacedEntry,
    view: SessionView,
    groups: GroupTable | undefined,
    digest: string | undefined,
  ): void {
    // After a damaged line the fold of the rest is not the session's.
    if (this.#findings.errorsOf('journal') > 0) return;
    const truth: Claims = {
      ...truthOf(view),
      journal_bytes: position.end,
      journal_sum: position.sum,
      config_digest: digest,
      ...(groups === undefined ? {} : groupClaims(groupEntries(groups))),
    };
    for (const snapshot of this.#bySeq.get(position.seq) ?? []) this.#compareOne(snapshot, truth);
  }

  /** After the journal: what can't be trusted, and what the journal does not bear out. */
  end({ view, position }: JournalFacts): void {
    const isLeft = !this.#subject.isHeld && (view.state === 'active' || view.state === 'paused');
    for (const snapshot of this.#all) {
      if (snapshot.problem !== undefined) this.#reportProblem(snapshot, isLeft);
      else if (snapshot.seq > position.seq && !this.#subject.isHeld) this.#reportAhead(snapshot);
    }
    // While the session is carried out, there are new ones that were not there when this looked.
    if (!this.#subject.isHeld) this.#reportMissing();
  }

  #compareOne(snapshot: Snapshot, truth: Claims): void {
    if (snapshot.problem !== undefined) return;
    const wrong = Object.entries(snapshot.claims).filter(([name, claim]) => {
      const is = truth[name];
      return claim !== undefined && is !== undefined && canonicalJson(claim) !== canonicalJson(is);
    });
    if (wrong.length === 0) return;
    const code = snapshot.kind === 'summary' ? 'SUMMARY_DIFFERS' : 'CHECKPOINT_DIFFERS';
    this.#findings.add(snapshot.kind, 'error', code, { file: snapshot.path }, () => {
      const parts = wrong.map(
        ([name, claim]) => `${name} is ${show(claim)} and should be ${show(truth[name])}`,
      );
      return `It does not say what the journal says up to line ${snapshot.seq + 1}: ${parts.join('; ')}. ${advice(snapshot)}`;
    });
  }

  #reportProblem(snapshot: Snapshot, isLeft: boolean): void {
    const { kind, path, id, problem, isHalf } = snapshot;
    if (kind === 'summary') {
      const severity = isLeft || isHalf ? 'warning' : 'error';
      this.#findings.add(kind, severity, 'SUMMARY_DAMAGED', { file: path }, () => {
        return `It can not be trusted: ${problem ?? ''}. ${advice(snapshot)}`;
      });
      return;
    }
    const isNamed = id !== undefined && this.#named.has(id);
    if (isNamed || !(isLeft || isHalf)) {
      this.#findings.add(kind, 'error', 'CHECKPOINT_DAMAGED', { file: path }, () => {
        return `It can not be trusted: ${problem ?? ''}. ${advice(snapshot)}`;
      });
      return;
    }
    this.#findings.add(kind, 'warning', 'CHECKPOINT_UNFINISHED', { file: path }, () => {
      return `The session was cut short while it was written: ${problem ?? ''}. Nothing refers to it; it may be deleted.`;
    });
  }

  #reportAhead(snapshot: Snapshot): void {
    const code = snapshot.kind === 'summary' ? 'SUMMARY_AHEAD' : 'CHECKPOINT_AHEAD';
    this.#findings.add(snapshot.kind, 'error', code, { file: snapshot.path }, () => {
      return `It is of line ${snapshot.seq + 1} of the journal, which has fewer: lines were lost at its end. Put the journal back from a copy, or resume the session: recovery adopts what the data files have.`;
    });
  }

  /** Those that are gone though older ones are still there, which clean-up would have taken first. */
  #reportMissing(): void {
    const there = new Set(this.#all.flatMap(({ id }) => (id === undefined ? [] : [id])));
    let isKept = false;
    for (const id of this.#named) {
      if (there.has(id)) isKept = true;
      else if (isKept) {
        const file = this.#subject.layout.checkpoint(id);
        this.#findings.add('checkpoints', 'info', 'CHECKPOINT_MISSING', { file }, () => {
          return 'The journal names this checkpoint, and it is not there. Nothing is lost but a place to resume from.';
        });
      }
    }
  }
}

function advice({ kind }: Snapshot): string {
  return kind === 'summary'
    ? 'It is only a summary of the journal: delete it, and the next start of the session writes it anew.'
    : 'It is not used: resuming goes by the journal. Delete it.';
}

function checkpointOf(file: MetaFile, id: string, session: string): Snapshot {
  const kind = 'checkpoints';
  const { path, json } = file;
  const isHalf = !file.hasMeta;
  const problem =
    file.problem ?? (json === undefined ? undefined : innerProblem(json, id, session));
  if (json === undefined) return { kind, path, id, problem, isHalf, seq: -1, claims: {} };
  const own = json['collector'];
  const collector = isJsonObject(own) ? own : {};
  const seq = collector['seq'];
  return {
    kind,
    path,
    id,
    isHalf,
    problem:
      problem ??
      (typeof seq === 'number' ? undefined : 'it does not say which journal line it is of'),
    seq: typeof seq === 'number' ? seq : -1,
    claims: {
      papers_collected: json['papers_collected'],
      units: collector['units'],
      duplicates: collector['duplicates'],
      rejected: collector['rejected'],
      spent_micro_usd: collector['spent_micro_usd'],
      reserved_micro_usd: collector['reserved_micro_usd'],
      files: fileClaims(collector['files']),
      journal_bytes: collector['journal_bytes'],
      journal_sum: collector['journal_sum'],
      config_digest: collector['config_digest'],
      ...groupClaims(venueEntries(json['papers_by_venue'])),
    },
  };
}

/** What is wrong with a checkpoint whose bytes are those that were written. */
function innerProblem(json: JsonObject, id: string, session: string): string | undefined {
  if (json['checkpoint_id'] !== id) return `it calls itself ${show(json['checkpoint_id'])}`;
  if (json['session_id'] !== session)
    return `it is of another session, ${show(json['session_id'])}`;
  const own = json['collector'];
  const format = isJsonObject(own) ? own['format'] : undefined;
  if (typeof format === 'number' && format > checkpointFormat)
    return `it has format ${format}, newer than this version reads; update CF Collector`;
  try {
    const data = json as unknown as CheckpointData;
    if (data.checksum === checkpointChecksum(data)) return undefined;
  } catch {
    return 'fields of the earlier system are missing in it';
  }
  return 'its own checksum does not fit its fields';
}

function summaryOf(file: MetaFile, summaries: readonly MetaFile[]): Snapshot {
  const { path, problem, json = {} } = file;
  // Each is a copy of what the other was: one of its two files is still, or already, the other's.
  const isHalf =
    !file.hasMeta ||
    summaries.some(
      (other) =>
        other !== file && (other.sha256 === file.sha256 || other.sha256 === file.saidSha256),
    );
  const seq = json['journal_seq'];
  return {
    kind: 'summary',
    path,
    id: undefined,
    isHalf,
    problem:
      problem ??
      (typeof seq === 'number' ? undefined : 'it does not say which journal line it is of'),
    seq: typeof seq === 'number' ? seq : -1,
    claims: {
      session_id: json['session_id'],
      total_papers_collected: json['total_papers_collected'],
      checkpoint_count: json['checkpoint_count'],
      last_checkpoint_id: json['last_checkpoint_id'],
    },
  };
}

function truthOf(view: SessionView): Claims {
  return {
    papers_collected: view.records,
    units: { ...view.units },
    duplicates: view.duplicates,
    rejected: view.rejected,
    spent_micro_usd: view.spentMicroUsd,
    reserved_micro_usd: view.reservedMicroUsd,
    files: view.files.map(({ role, file, lines, bytes }) => ({ role, file, lines, bytes })),
    session_id: view.session,
    total_papers_collected: view.records,
    checkpoint_count: view.checkpointCount,
    last_checkpoint_id: view.lastCheckpoint?.id ?? null,
  };
}

function fileClaims(files: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(files)) return undefined;
  return files.map((file: JsonValue) => {
    const {
      role = null,
      file: name = null,
      lines = null,
      bytes = null,
    } = isJsonObject(file) ? file : {};
    return { role, file: name, lines, bytes };
  });
}

/** Groups with their records, as a checkpoint names them. */
function groupEntries(groups: GroupTable): [string, number][] {
  const counts = new Map<string, number>();
  for (const [name, { records }] of groups.entries()) {
    const place = venueYear(name).join(' ');
    counts.set(place, (counts.get(place) ?? 0) + records);
  }
  return [...counts];
}

function venueEntries(venues: JsonValue | undefined): [string, number][] | undefined {
  if (!isJsonObject(venues)) return undefined;
  return Object.entries(venues).flatMap(([venue, years]) =>
    Object.entries(isJsonObject(years) ? years : {}).map(([year, count]): [string, number] => [
      `${venue} ${year}`,
      Number(count),
    ]),
  );
}

/** Short, however many groups there are: as many as a thousand checkpoints are held at once. */
function groupClaims(entries: readonly [string, number][] | undefined): Claims {
  if (entries === undefined || entries.length > maxComparedGroups) return {};
  const lines = entries.map(([name, records]) => `${name} ${records}`).sort();
  return { papers_by_venue: hash('sha256', lines.join('\n'), 'hex') };
}

function show(value: JsonValue | undefined): string {
  return JSON.stringify(value ?? null);
}

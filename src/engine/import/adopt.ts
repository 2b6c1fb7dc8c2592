import type { Collection } from '../../core/config.ts';
import { walksPages } from '../../core/config/pageSources.ts';
import { UsageError } from '../../core/errors.ts';
import type { JobContext } from '../../core/job.ts';
import { getKey, type JsonObject } from '../../core/json.ts';
import { fingerprint, type Fingerprint, type MissingKeyPart } from '../../core/keys.ts';
import { recordKeysOf } from '../../core/recordKeys.ts';
import { canonicalUrl } from '../../sources/html/canonicalUrl.ts';
import { adoptSession, type BadLine, type MasterScan } from '../../storage/adoptSession.ts';
import { isInside } from '../../storage/layout.ts';
import { openSession } from '../../storage/openSession.ts';
import { findStateRoot, listSessions } from '../../storage/sessions.ts';
import type { Environment } from '../beginRun.ts';
import { loadCollection } from '../loadCollection.ts';
import { endOnFullDisk, whileImporting } from './makeSession.ts';

/** What a person asked for. Paths are absolute. */
export interface AdoptRequest {
  readonly workspace: string;
  readonly master: string;
  readonly collection: string;
}

/** What adopting a master came to. */
export interface Adoption {
  readonly session: string;
  readonly records: number;
  /** Lines that are no records, or have no key: those in the middle stay where they are, those at the end are set aside. */
  readonly rejected: number;
  /** The first of them. */
  readonly badLines: readonly BadLine[];
  /** Records whose key an earlier line has: they stay, too. */
  readonly duplicates: number;
  /** Bytes after the last newline, set aside as a kill in a write leaves them. */
  readonly tornBytes: number;
}

/**
 * Makes a session from a master whose state is gone: the file itself is the session's master from then on, its keys are
 * known, and what is collected is appended to it.
 *
 * @throws UsageError when the file belongs to a session, or its records can't be told apart; then nothing was made.
 */
export async function adoptMaster(
  environment: Environment,
  { workspace, master, collection: file }: AdoptRequest,
  job: JobContext,
): Promise<Adoption> {
  const { ports, opener } = environment;
  const collection = await loadCollection(file);
  const keyOf = masterKeys(collection, master);
  const root = await findStateRoot(ports.fileSystem, file, workspace);
  await refuseUnusable(environment, root, master);
  return whileImporting(environment, root, collection.name, async () => {
    await refuseOwned(environment, root, master);
    const session = { root, collectionFile: file, collection, master, keyOf };
    const { layout, scan } = await adoptSession(ports, opener, session, job, (found) => {
      refuseWithoutRecords(master, found);
    });
    // Opening it sets aside what follows the last good line, as after a kill.
    const { store } = await openSession(ports, opener, layout, collection);
    endOnFullDisk(store);
    let isInOrder = false;
    try {
      await store.record({ type: 'stopped', reason: 'user', activeMs: 0 });
      await store.checkpoint('session_paused', []);
      isInOrder = true;
    } finally {
      if (!isInOrder) store.abandon();
      await store.close(isInOrder);
    }
    return {
      session: layout.session,
      records: store.view.records,
      rejected: scan.badCount,
      badLines: scan.bad,
      duplicates: scan.duplicates,
      tornBytes: scan.tornBytes,
    };
  });
}

async function refuseUnusable({ ports }: Environment, root: string, master: string): Promise<void> {
  const status = await ports.fileSystem.status(master);
  if (status === undefined || status.isDirectory) {
    const what = status === undefined ? 'There is no' : 'A folder is no master:';
    throw new UsageError('FILE_UNREADABLE', `${what} ${master}.`, { file: master });
  }
  if (!isInside(root, master)) {
    throw new UsageError(
      'MASTER_OUTSIDE_WORKSPACE',
      `${master} is not in ${root}, where the collection's state is. Move it there, then adopt it.`,
      { file: master, root },
    );
  }
}

async function refuseOwned({ ports }: Environment, root: string, master: string): Promise<void> {
  const { fileSystem, machine } = ports;
  const own = (await fileSystem.status(master))?.identity;
  for (const { layout, view } of await listSessions(fileSystem, machine, root)) {
    for (const { file } of view.files) {
      const status = await fileSystem.status(layout.absolute(file));
      if (status === undefined || status.identity !== own) continue;
      throw new UsageError(
        'ALREADY_A_MASTER',
        `${master} is a file of ${layout.session} already (${view.name}). Resume that session.`,
        { file: master, session: layout.session },
      );
    }
  }
}

function refuseWithoutRecords(master: string, { records, bad, bytes }: MasterScan): void {
  if (records > 0) return;
  const [first] = bad;
  throw new UsageError(
    bytes === 0 ? 'MASTER_EMPTY' : 'COLLECTION_MISMATCH',
    bytes === 0
      ? `${master} is empty: there is nothing to adopt. Run the collection instead.`
      : `${master} has no line that is a record with the collection's key${first === undefined ? '' : ` (line ${first.line}: ${first.why})`}. Is it the master of another collection?`,
    { file: master },
  );
}

/**
 * How the records of a master get their keys. One record per page has its page's URL for a key; a field that holds that
 * says it.
 */
function masterKeys(
  collection: Collection,
  master: string,
): (record: JsonObject) => Fingerprint | MissingKeyPart {
  const { source, record, output } = collection;
  const keys = recordKeysOf(collection);
  if (record.key !== undefined || !walksPages(source) || source.items !== undefined) {
    return (r) => keys.ofMasterRecord(r) ?? { missing: 'key' };
  }
  const urlField = output.provenance
    ? '_url'
    : Object.entries(source.fields).find(
        ([, field]) => typeof field === 'object' && (field.from === 'page' || field.from === 'url'),
      )?.[0];
  if (urlField === undefined) {
    throw new UsageError(
      'MASTER_WITHOUT_KEYS',
      `The records of ${collection.name} are told apart by the page that they come from, and no field of ${master} says it. Add record.key to the collection, with fields that together tell records apart; then adopt it.`,
      { file: master },
    );
  }
  return (r) => {
    const value = getKey(r, urlField);
    const target = typeof value === 'string' ? canonicalUrl(value) : null;
    return target === null ? { missing: urlField } : fingerprint(target.url);
  };
}

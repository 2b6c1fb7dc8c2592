import type { Collection } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import type { SessionEvent } from '../core/events.ts';
import type { Secrets } from '../core/ports.ts';
import { doubtRuleOf } from '../sources/registry.ts';
import { networkFileSystemAt } from '../storage/machine.ts';
import type { FoundSession } from '../storage/sessions.ts';

/** @throws UsageError where a collection costs money and another machine decides what is durable. */
export async function refusePaidOnNetworkDisk(root: string, collection: Collection): Promise<void> {
  if (doubtRuleOf(collection) === undefined) return;
  const networked = await networkFileSystemAt(root);
  if (networked === undefined) return;
  throw new UsageError(
    'PAID_ON_NETWORK_DISK',
    `${root} is on ${networked}, where another machine decides what is durable: what is paid for there could be lost, ` +
      'or paid for twice. Keep collections that cost money on a local disk.',
    { root, fileSystem: networked },
  );
}

const secretPattern = /\$\{secret:([^}]+)\}/g;

/** @throws UsageError `SECRET_MISSING` for a secret of the collection that is not set. */
export async function checkSecrets(collection: Collection, secrets: Secrets): Promise<void> {
  // What is mapped again has been received.
  if (collection.remap !== undefined) return;
  const names = [...JSON.stringify(collection.source).matchAll(secretPattern)].map(
    (m) => m[1] ?? '',
  );
  for (const name of new Set(names)) {
    if ((await secrets.get(name)) !== undefined) continue;
    throw new UsageError(
      'SECRET_MISSING',
      `The secret "${name}" is not set. Set the environment variable ${name}, or in VS Code its secret, and start again.`,
      { name },
    );
  }
}

/** A new session was asked for where there is one that is not over. */
export function unfinished({ view }: FoundSession): UsageError {
  return new UsageError(
    'UNFINISHED_SESSION',
    `The collection "${view.name}" has an unfinished session, ${view.session} (${view.state}, ${view.records} records). Resume it, or ask for a new one.`,
    { session: view.session, state: view.state, records: view.records },
  );
}

/** A session that is complete was to be taken up. */
export function nothingLeft({ view }: FoundSession): UsageError {
  const hasUnits = view.units.pending + view.units.in_progress > 0;
  const why = hasUnits
    ? `it has its target of ${view.records} records. Raise limits.target to go on`
    : 'nothing is left to do';
  return new UsageError('SESSION_COMPLETE', `${view.session} is complete: ${why}.`, {
    session: view.session,
  });
}

/** A session was to go on with a collection that is another by now. @param changed the parts that differ. */
export function configChanged(header: SessionEvent, changed: readonly string[]): UsageError {
  return new UsageError(
    'CONFIG_CHANGED',
    `${header.collectionFile} has changed since ${header.session} began, in ${changed.join(', ')}. Undo that to resume, or start a new session. Only limits, durability, checkpoints, retry and debug may change.`,
    { session: header.session, file: header.collectionFile, changed },
  );
}

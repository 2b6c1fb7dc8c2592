import { distance } from 'fastest-levenshtein';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import type { Environment } from '../engine/beginRun.ts';
import { findStateRoot, listSessions, type FoundSession } from '../storage/sessions.ts';

/** Every session of the workspace, newest first. */
export async function sessionsOfWorkspace(
  { ports }: Environment,
  workspace: string,
): Promise<FoundSession[]> {
  // A file in the folder, to find the state above it in the way in which a collection would.
  const root = await findStateRoot(
    ports.fileSystem,
    join(workspace, 'any.collect.json'),
    workspace,
  );
  return listSessions(ports.fileSystem, ports.machine, root);
}

/** A session by its id or the beginning of it. @throws UsageError naming the near ones. */
export async function findSession(
  environment: Environment,
  workspace: string,
  id: string,
): Promise<FoundSession> {
  const all = await sessionsOfWorkspace(environment, workspace);
  const exact = all.find((s) => s.layout.session === id);
  if (exact !== undefined) return exact;
  const matching = all.filter(
    (s) => s.layout.session.startsWith(id) || s.layout.session.startsWith(`session_${id}`),
  );
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  const near = [...(matching.length > 0 ? matching : all)]
    .sort((a, b) => distance(a.layout.session, id) - distance(b.layout.session, id))
    .slice(0, 5)
    .map(
      (s) => `  ${s.layout.session}  ${s.view.name}, ${s.view.state}, ${s.view.records} records`,
    );
  const what =
    matching.length > 1
      ? 'is the beginning of several sessions'
      : 'is no session of this workspace';
  const hint = near.length === 0 ? 'There are none here.' : `The nearest are:\n${near.join('\n')}`;
  throw new UsageError('UNKNOWN_SESSION', `"${id}" ${what}. ${hint}`, { session: id });
}

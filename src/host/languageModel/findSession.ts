import type { TrackedSession } from '../engine/sessionTracker.ts';
import type { Services } from '../services.ts';

/**
 * The session that a model names: by its id, or by its collection's name, which means the newest of that name.
 *
 * @throws naming what there is, so that the model can ask again.
 */
export async function findSession(
  { tracker }: Pick<Services, 'tracker'>,
  name: string,
): Promise<TrackedSession> {
  const sessions = await tracker.list();
  const found =
    sessions.find(({ ref }) => ref.session === name) ??
    sessions.find(({ snapshot }) => snapshot.view.name === name);
  if (found) return found;
  const known = sessions
    .slice(0, 10)
    .map(({ ref }) => ref.session)
    .join(', ');
  throw new Error(
    known === ''
      ? 'There is no session in the open folders yet.'
      : `There is no session "${name}". The newest are: ${known}.`,
  );
}

import type { LiveStats, SessionSnapshot, SnapshotDelta } from '../../core/live.ts';
import type { SessionView } from '../../core/view.ts';
import { engineText } from '../text/engineText.ts';

/** A snapshot whose messages of the engine are in the editor's language. */
export function snapshotInWords({ view, live }: SessionSnapshot): SessionSnapshot {
  return { view: { ...view, ...viewInWords(view) }, live: { ...live, ...liveInWords(live) } };
}

/** The same of what has changed: only what is there is looked at, five times a second. */
export function deltaInWords({ view, live }: SnapshotDelta): SnapshotDelta {
  return { view: { ...view, ...viewInWords(view) }, live: { ...live, ...liveInWords(live) } };
}

function viewInWords({ errors, reasonMessage }: Partial<SessionView>): Partial<SessionView> {
  return {
    ...(errors && {
      errors: errors.map((error) => ({ ...error, message: engineText(error.message) })),
    }),
    ...(typeof reasonMessage === 'string' && { reasonMessage: engineText(reasonMessage) }),
  };
}

function liveInWords({ hosts }: Partial<LiveStats>): Partial<LiveStats> {
  if (!hosts) return {};
  return {
    hosts: hosts.map((host) =>
      host.lastError === undefined
        ? host
        : {
            ...host,
            lastError: { ...host.lastError, message: engineText(host.lastError.message) },
          },
    ),
  };
}

import { collectionSchema } from '../../core/config.ts';
import { readSessionHeader } from '../../storage/sessionHeader.ts';
import { listSessions } from '../../storage/sessions.ts';
import type { StoragePorts } from '../../storage/sessionStore.ts';

/** The key fields of the sessions whose masters the files are; null where one is no master, or keys differ. */
export async function sharedKey(
  ports: StoragePorts,
  root: string,
  files: readonly string[],
): Promise<readonly string[] | null> {
  const keys = new Map<string, readonly string[] | undefined>();
  for (const { layout, view } of await listSessions(ports.fileSystem, ports.machine, root)) {
    const masters = view.files.filter((file) => file.role === 'master');
    const own = masters.map((file) => layout.absolute(file.file));
    if (!own.some((file) => files.includes(file))) continue;
    const { collection } = await readSessionHeader(ports, layout);
    const { key } = collectionSchema.parse(collection).record;
    for (const file of own) keys.set(file, key);
  }
  const [first, ...others] = files.map((file) => keys.get(file));
  if (first === undefined) return null;
  const isShared = others.every((key) => JSON.stringify(key) === JSON.stringify(first));
  return isShared ? first : null;
}

/** The oldest Node whose `node:sqlite` needs no switch and has what the storage uses of it. */
export const oldestNode = '22.16.0';

/** Whether a Node version can run the engine. */
export function supportsEngine(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

import { createHash } from 'node:crypto';
import { readFully, withFile, type FileSystem } from './fileSystem.ts';

const pieceBytes = 4 * 1024 * 1024;

/** Length and sha256 (hex) of a whole file, with flat memory. Throws the signal's reason when it is aborted. */
export async function sha256OfFile(
  fileSystem: FileSystem,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  return withFile(fileSystem, path, 'read', async (file) => {
    const hash = createHash('sha256');
    let bytes = 0;
    for (;;) {
      signal.throwIfAborted();
      const piece = await readFully(file, bytes, pieceBytes);
      if (piece.length === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(piece);
      bytes += piece.length;
    }
  });
}

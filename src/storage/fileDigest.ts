import { createHash } from 'node:crypto';
import { withFile, type FileSystem } from './fileSystem.ts';

const pieceBytes = 1024 * 1024;

/** Length and sha256 (hex) of a whole file, with flat memory. Throws the signal's reason when it is aborted. */
export async function sha256OfFile(
  fileSystem: FileSystem,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  return withFile(fileSystem, path, 'read', async (file) => {
    const hash = createHash('sha256');
    // One for all of it: what is read into new memory each time is given back late.
    const piece = Buffer.allocUnsafe(pieceBytes);
    let bytes = 0;
    for (;;) {
      signal.throwIfAborted();
      const count = await file.read(piece, bytes);
      if (count === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(piece.subarray(0, count));
      bytes += count;
    }
  });
}

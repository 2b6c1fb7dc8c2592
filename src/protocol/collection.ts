import type { CollectionOutline } from '../core/collectionOutline.ts';
import type { SessionRef } from './worker.ts';

/** Requests about collections: what they would do, and where they are. */
export interface CollectionRequests {
  /** What a collection file would collect, and how far it may go. Rejects as `start` does where it has problems. */
  outlineCollection: {
    /** `file`: absolute path. */
    params: { workspace: string; file: string };
    result: CollectionOutline;
  };
  /** The same of the collection that a session carries out, as its journal has it. */
  outlineSession: { params: SessionRef; result: CollectionOutline };
  /**
   * Writes a session's own collection back to where its file was. What stands there is left as it is: rejects with the
   * code `COLLECTION_EXISTS`.
   */
  restoreCollection: {
    params: SessionRef;
    /** Absolute path. */
    result: { file: string };
  };
}

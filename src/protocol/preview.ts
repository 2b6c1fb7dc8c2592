import type { PreviewOutcome } from '../core/preview.ts';
import type { HttpSettings, JobRef } from './worker.ts';

/** The engine's requests about previews. */
export interface PreviewRequests {
  /**
   * Carries out one unit of a collection as it stands in the editor, and writes nothing. Cancelled as a job: the request
   * then rejects.
   */
  preview: {
    params: JobRef & {
      workspace: string;
      /** Absolute path of the collection file. */
      file: string;
      /** What stands in the editor. */
      text: string;
      /** Key of a unit, or an address; null chooses the first one. */
      unit: string | null;
      /** Take the items that an earlier session has kept: calls nobody. */
      fromEarlier: boolean;
      http: HttpSettings;
    };
    result: PreviewOutcome;
  };
}

import type { PreviewAction, PreviewStringKey } from '../../src/protocol/preview.ts';
import type { Words as PageWords } from '../shared/words.ts';

/** The preview's words. */
export type Words = PageWords<PreviewStringKey>;

/** What the page's controls ask the host for. */
export interface Asks {
  readonly run: (unit: string | null) => void;
  readonly stop: () => void;
  readonly act: (action: PreviewAction) => void;
  readonly showField: (field: string) => void;
}

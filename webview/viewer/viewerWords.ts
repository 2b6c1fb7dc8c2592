import type { ViewerStringKey } from '../../src/protocol/viewer.ts';
import type { Words as PageWords } from '../shared/words.ts';

/** The viewer's words. */
export type Words = PageWords<ViewerStringKey>;

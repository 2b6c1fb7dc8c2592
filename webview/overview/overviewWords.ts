import type { OverviewStringKey } from '../../src/protocol/overview.ts';
import type { Words as PageWords } from '../shared/words.ts';

/** The words of the page of all sessions. */
export type Words = PageWords<OverviewStringKey>;

import type { DashboardStringKey } from '../../src/protocol/dashboard.ts';
import type { Words as PageWords } from '../shared/words.ts';

/** The dashboard's words. */
export type Words = PageWords<DashboardStringKey>;

import type { PickerStringKey } from '../../src/protocol/picker.ts';
import type { Words as PageWords } from '../shared/words.ts';

/** The picker's words. */
export type Words = PageWords<PickerStringKey>;

import type { Check } from './check.ts';
import { closing } from './checks/closing.ts';
import { collecting } from './checks/collecting.ts';
import { failing } from './checks/failing.ts';
import { health } from './checks/health.ts';
import { mapping } from './checks/mapping.ts';
import { planning } from './checks/planning.ts';
import { pulling } from './checks/pulling.ts';
import { stopping } from './checks/stopping.ts';

/** Every promise of the `Source` contract (`src/sources/source.ts`). */
export const allChecks: readonly Check[] = [
  ...planning,
  ...collecting,
  ...pulling,
  ...stopping,
  ...failing,
  ...mapping,
  ...health,
  ...closing,
];

import { describe, test } from 'node:test';
import { allChecks } from './allChecks.ts';
import { runCheck } from './check.ts';
import type { Subject } from './subject.ts';

/** Holds a source to every promise of the `Source` contract that applies to it: one test for each. */
export function testSource<Item>(subject: Subject<Item>): void {
  describe(subject.name, () => {
    for (const one of allChecks) {
      if (one.appliesTo(subject as unknown as Subject<unknown>)) {
        test(one.name, () => runCheck(subject, one));
      }
    }
  });
}

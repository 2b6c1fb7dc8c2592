import { describe, test } from 'node:test';
import { allChecks } from './allChecks.ts';
import { runCheck } from './check.ts';
import type { Backend, Subject } from './subject.ts';

/** Holds a source to every promise of the `Source` contract that applies to it: one test for each. */
export function testSource<Item, Played extends Backend>(subject: Subject<Item, Played>): void {
  describe(subject.name, () => {
    for (const one of allChecks) {
      if (one.appliesTo(subject)) {
        test(one.name, () => runCheck(subject, one));
      }
    }
  });
}

import assert from 'node:assert/strict';
import { letRun } from '../fixtures/manualClock.ts';

/** What keeps the process alive now, by kind: `Timeout: 1`, `TCPSocketWrap: 2`. */
function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Watches for timers, sockets and other handles that outlive what follows. Make it before the source. */
export class Leftovers {
  readonly #before = activeResources();

  /** Fails when more is alive than at the beginning, once what is ending has had `graceMs` to end. */
  async assertNone(graceMs: number): Promise<void> {
    const untilMs = performance.now() + graceMs;
    let left = this.#more();
    while (left.length > 0 && performance.now() < untilMs) {
      await letRun();
      left = this.#more();
    }
    assert.deepEqual(left, [], 'left running after close()');
  }

  #more(): string[] {
    const more: string[] = [];
    for (const [kind, count] of activeResources()) {
      // The immediate that this very check waits with.
      if (kind === 'Immediate') continue;
      const extra = count - (this.#before.get(kind) ?? 0);
      if (extra > 0) more.push(`${kind}: ${extra}`);
    }
    return more;
  }
}

/**
 * Runs `work` and fails when a promise was rejected meanwhile, or shortly afterwards, that nobody looked at. Takes the
 * place of other listeners for as long, so that a test of this function does not fail the test around it.
 */
export async function withoutUnseenRejections(work: () => Promise<void>): Promise<void> {
  const unseen: unknown[] = [];
  const others = process.listeners('unhandledRejection');
  const listener = (reason: unknown) => {
    unseen.push(reason);
  };
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listener);
  try {
    await work();
    for (let i = 0; i < 10; i++) await letRun();
  } finally {
    process.off('unhandledRejection', listener);
    for (const other of others) process.on('unhandledRejection', other);
  }
  assert.deepEqual(unseen, [], 'rejections that nobody saw');
}

/** How long the workbench may take to show what a test waits for: a busy machine takes its time. */
export const waitMs = 60_000;

/** How often it is looked. */
const everyMs = 50;

/**
 * Waits until something holds.
 *
 * @param what is in the words of the failure: `WHAT does not come`.
 */
export async function eventually(
  what: string,
  probe: () => boolean | Promise<boolean>,
): Promise<void> {
  const giveUpAt = Date.now() + waitMs;
  while (!(await probe())) {
    if (Date.now() > giveUpAt) throw new Error(`${what} does not come`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

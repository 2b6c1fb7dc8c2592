/** Lines that a source of somebody's own may log in a second. */
const linesPerSecond = 200;
const longestMessage = 2_000;
const longestFacts = 8_000;

/** A line to be logged. */
export interface GateLine {
  readonly message: string;
  /** JSON text of an object. */
  readonly facts: string;
}

/** Lets so many lines of a log through in a second, none of them endless, and tells how many it held back. */
export class LogGate {
  readonly #nowMs: () => number;
  #second = -1;
  #passed = 0;
  #heldBack = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The line as it may be logged; undefined when it may not. */
  pass(message: unknown, facts: unknown): GateLine | undefined {
    const second = Math.floor(this.#nowMs() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#passed = 0;
    }
    if (this.#passed >= linesPerSecond) {
      this.#heldBack += 1;
      return undefined;
    }
    this.#passed += 1;
    const more = this.#heldBack === 0 ? '' : ` (${this.#heldBack} lines before it were left out)`;
    this.#heldBack = 0;
    return { message: `${short(String(message), longestMessage)}${more}`, facts: factsText(facts) };
  }
}

function factsText(facts: unknown): string {
  if (typeof facts !== 'object' || facts === null) return '{}';
  try {
    const text = JSON.stringify({ ...facts });
    return text.length <= longestFacts
      ? text
      : JSON.stringify({ facts: short(text, longestFacts) });
  } catch (error) {
    return JSON.stringify({ factsNotShown: error instanceof Error ? error.message : '' });
  }
}

function short(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

import type { JsonObject } from '../../src/core/json.ts';
import { SeededRandom } from '../fixtures/seededRandom.ts';

const words = (
  'learning deep neural network optimization gradient transformer attention language model robust theory graph ' +
  'convergence stochastic variational policy reinforcement sample efficient bound large scale data representation'
).split(' ');

/** Records like those of scholarly papers, about 600 bytes each: the same ones in each run. */
export class Papers {
  readonly #random = new SeededRandom(7);

  /** The paper with a number; its `paper_id` is its own. */
  make(n: number): JsonObject {
    return {
      paper_id: `p${n}`,
      title: this.#words(9),
      authors: [this.#words(2), this.#words(2), n % 5 === 0 ? 'Zoë Müller' : 'Ann Lee'],
      venue: 'iclr',
      year: 2024,
      abstract: this.#words(36),
      keywords: [this.#words(1), this.#words(2)],
      pdf_urls: [`https://openreview.net/pdf?id=${n}`],
      source_url: `https://openreview.net/forum?id=${n}`,
    };
  }

  #words(count: number): string {
    const chosen: string[] = [];
    for (let i = 0; i < count; i++) {
      chosen.push(words[Math.floor(this.#random.next() * words.length)] ?? '');
    }
    return chosen.join(' ');
  }
}

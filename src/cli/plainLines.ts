import { shownText } from '../core/shownText.ts';

/** Text for a terminal, which shows what it is given and obeys none of it: names, addresses and answers are in it. */
export function plainLines(text: string): string {
  return text
    .split('\n')
    .map((line) => shownText(line, Infinity))
    .join('\n');
}

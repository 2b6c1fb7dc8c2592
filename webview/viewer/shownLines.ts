import { shownText } from '../../src/core/shownText.ts';

/** A stranger's text with its own lines, and nothing in it that does something instead of being seen. */
export function shownLines(text: string, maxLength = Infinity): string {
  const cut = text.length > maxLength ? text.slice(0, maxLength) : text;
  const lines = cut.split(/\r\n|\n|\r/).map((line) => shownText(line, Infinity));
  return `${lines.join('\n')}${cut.length < text.length ? '…' : ''}`;
}

/** How much of a text that anybody may have written is shown where nobody asked for the whole. */
const maxShown = 1000;

/**
 * Characters that do something instead of being seen: controls (an escape begins a terminal's command) and what turns
 * the direction of the text around it.
 */
const unseen = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A stranger's text as it may stand on a screen: on one line, no longer than a person reads, and with what would be
 * unseen told by its number: `\u{202E}`.
 *
 * @param maxLength characters; what is longer ends in an ellipsis.
 */
export function shownText(text: string, maxLength: number = maxShown): string {
  // Cut first: a megabyte is not worth looking through.
  const cut = text.length > maxLength ? `${text.slice(0, endAt(text, maxLength - 1))}…` : text;
  return cut.replace(unseen, (character) => {
    if (character === '\t' || character === '\n' || character === '\r') return ' ';
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
  });
}

/** A text of several lines, whole: each as {@link shownText} has it. */
export function shownLines(text: string): string {
  return text
    .split('\n')
    .map((line) => shownText(line, Infinity))
    .join('\n');
}

/** A place to cut that leaves no half of a pair behind. */
function endAt(text: string, end: number): number {
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

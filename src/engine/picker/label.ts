import { isTag, type Element } from 'domhandler';
import { elementText } from '../../sources/html/text.ts';

const longestLabel = 40;

/** The label in front of a value, where the two stand as such: `<th>Pages</th><td>312</td>`, `<dt>` and `<dd>`. */
export function labelOf(
  element: Element,
): { readonly tag: string; readonly text: string } | undefined {
  const wanted = element.name === 'td' ? 'th' : element.name === 'dd' ? 'dt' : undefined;
  let before = element.prev;
  while (before !== null && !isTag(before)) before = before.prev;
  if (wanted === undefined || before?.name !== wanted) return undefined;
  const text = elementText(before);
  const isWritten = text !== '' && text.length <= longestLabel && !hasOddSpace(before, text);
  return isWritten ? { tag: wanted, text } : undefined;
}

/** Selectors compare the text as it stands in the page, ours is tidied up. */
function hasOddSpace({ children }: Element, text: string): boolean {
  return !children.some((child) => 'data' in child && child.data.includes(text));
}

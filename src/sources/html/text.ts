import { isTag, isText, type ChildNode, type ParentNode } from 'domhandler';

const invisible: ReadonlySet<string> = new Set(['script', 'style', 'template']);

/**
 * The text of an element as a reader takes it in: every run of white space is one space (no-break spaces too), none at
 * the ends; a line break separates words; scripts, styles and comments are left out.
 */
export function elementText(element: ParentNode): string {
  const only = element.children.length === 1 ? element.children[0] : undefined;
  return collapse(only !== undefined && isText(only) ? only.data : gather(element.children));
}

/** The text with every run of white space as one space, and none at the ends. */
export function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

// Trees are at most `maxDepth` deep, so recursion is safe.
function gather(nodes: readonly ChildNode[]): string {
  let text = '';
  for (const node of nodes) {
    if (isText(node)) text += node.data;
    else if (isTag(node)) {
      if (node.name === 'br') text += '\n';
      else if (!invisible.has(node.name)) text += gather(node.children);
    }
  }
  return text;
}

/** Makes an element with a class and children; texts become text nodes, never markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** Sets an element's text; leaves the page alone when it is the same. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute; leaves the page alone when it is the same. */
export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** A section with a heading that names it. */
export function section(id: string, heading: string, ...children: readonly Node[]): HTMLElement {
  const title = el('h2', '', heading);
  title.id = `${id}-heading`;
  const element = el('section', id, title, ...children);
  element.setAttribute('aria-labelledby', title.id);
  return element;
}

/** A section that a person can fold away; `fold` tells whether it is open. */
export function foldableSection(
  id: string,
  heading: string,
  fold: Fold,
  ...children: readonly Node[]
): HTMLElement {
  const title = el('h2', '', heading);
  title.id = `${id}-heading`;
  const details = el('details', '', el('summary', '', title), ...children);
  details.open = !fold.isFolded(id);
  details.addEventListener('toggle', () => {
    fold.setFolded(id, !details.open);
  });
  const element = el('section', id, details);
  element.setAttribute('aria-labelledby', title.id);
  return element;
}

/** Remembers which sections are folded away. */
export interface Fold {
  isFolded(id: string): boolean;
  setFolded(id: string, isFolded: boolean): void;
}

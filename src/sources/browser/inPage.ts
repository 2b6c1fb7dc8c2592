// What runs in the pages: each function is sent there as its text, and can use nothing but what it is given and what
// pages have.

/** What of an element is used here. */
interface PageElement {
  readonly scrollHeight: number;
  readonly scrollTop: number;
  readonly clientHeight: number;
  scrollTo(options: { readonly top: number; readonly behavior: 'instant' }): void;
}

declare const document: {
  readonly documentElement: unknown;
  readonly scrollingElement: PageElement | null;
};
declare function requestAnimationFrame(callback: () => void): void;

/** Where a scrolled element, or the window, stands. */
export interface ScrollStep {
  /** Its whole height, pixels. */
  readonly height: number;
  readonly isAtEnd: boolean;
}

/** How far is scrolled: one screen, with a fifth of the last one left in sight so that no row is passed by. */
export type ScrollBy = 'screen' | 'bottom' | 'nothing';

/** Scrolls an element (the window, for the root element), and waits until that is drawn. */
export async function scrollInPage(target: unknown, by: ScrollBy): Promise<ScrollStep> {
  const isWindow = target === document.documentElement;
  const element = isWindow ? document.scrollingElement : (target as PageElement);
  if (element === null) return { height: 0, isAtEnd: true };
  if (by === 'bottom') element.scrollTo({ top: element.scrollHeight, behavior: 'instant' });
  if (by === 'screen') {
    const top = element.scrollTop + element.clientHeight * 0.8;
    element.scrollTo({ top, behavior: 'instant' });
  }
  await new Promise<void>((resolve) => {
    requestAnimationFrame(() => {
      requestAnimationFrame(() => {
        resolve();
      });
    });
    // A window out of sight draws nothing.
    setTimeout(resolve, 100);
  });
  const isAtEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 2;
  return { height: element.scrollHeight, isAtEnd };
}

/** Waits until the page has drawn what was changed so far. */
export async function drawnInPage(): Promise<void> {
  await new Promise<void>((resolve) => {
    requestAnimationFrame(() => {
      requestAnimationFrame(() => {
        resolve();
      });
    });
    setTimeout(resolve, 100);
  });
}

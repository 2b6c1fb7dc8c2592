import type { Element } from 'domhandler';
import { StudiedPage } from '../../../../src/engine/picker/studiedPage.ts';
import { parseHtml } from '../../../../src/sources/html/document.ts';

/** A page to pick from, of its markup. */
export function studied(html: string, url = 'http://shop.test/list'): StudiedPage {
  return new StudiedPage(parseHtml(html), {
    url,
    page: url,
    base: url,
    depth: 0,
    fetchedAt: '2026-11-22T00:00:00.000Z',
    status: 200,
  });
}

/** The only element that a selector matches. */
export function the(page: StudiedPage, selector: string): Element {
  const [first, second] = page.all(selector);
  if (first === undefined || second !== undefined) {
    throw new Error(`${selector} matches ${first === undefined ? 'nothing' : 'more than one'}`);
  }
  return first;
}

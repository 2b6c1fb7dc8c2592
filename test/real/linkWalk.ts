import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a walk by links over the files of a folder has found. */
export interface LinkWalk {
  /** Paths of pages that are there, as a URL has them: `/library/os.html`. */
  readonly pages: ReadonlySet<string>;
  /** Paths of pages that are linked and are not there. */
  readonly missing: ReadonlySet<string>;
  /** Each page's text in `<title>`, blanks folded, entities decoded. */
  readonly titles: ReadonlyMap<string, string>;
}

/**
 * Walks a folder of HTML files by their links, beginning at `start` (`/index.html`), and visits every page whose path
 * ends with `.html`. It reads the files themselves, with regular expressions and nothing of the product: what it finds
 * is what a collection of the same site must find.
 *
 * Links are the `href` of `a` elements outside of comments, scripts and styles, without those that are `nofollow`,
 * lead to another site, or have a query.
 */
export function walkLinks(folder: string, start: string): LinkWalk {
  const pages = new Set<string>();
  const missing = new Set<string>();
  const titles = new Map<string, string>();
  const queue = [start];
  const queued = new Set(queue);
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const text = readPage(folder, path);
    if (text === undefined) {
      missing.add(path);
      continue;
    }
    pages.add(path);
    titles.set(path, titleOf(text));
    for (const link of linksOf(text, path)) {
      if (queued.has(link)) continue;
      queued.add(link);
      queue.push(link);
    }
  }
  return { pages, missing, titles };
}

function readPage(folder: string, path: string): string | undefined {
  try {
    return readFileSync(join(folder, decodeURIComponent(path)), 'utf8');
  } catch {
    return undefined;
  }
}

function* linksOf(text: string, path: string): Generator<string> {
  const visible = text.replace(/<!--.*?-->/gs, '').replace(/<(script|style)\b.*?<\/\1\s*>/gis, '');
  if (/<base\b/i.test(visible))
    throw new Error(`${path} has a <base>, which this walk cannot read`);
  for (const [tag] of visible.matchAll(/<a\s(?:[^>"']|"[^"]*"|'[^']*')*>/gi)) {
    const rel = attribute(tag, 'rel')?.toLowerCase().split(/\s+/) ?? [];
    const href = attribute(tag, 'href');
    if (href === undefined || rel.includes('nofollow')) continue;
    const url = URL.parse(decode(href.trim()), `http://walk.test${path}`);
    if (url?.protocol !== 'http:' || url.hostname !== 'walk.test' || url.search !== '') continue;
    if (url.pathname.endsWith('.html')) yield url.pathname;
  }
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag);
  return match?.[1] ?? match?.[2] ?? match?.[3];
}

function titleOf(text: string): string {
  const title = /<title[^>]*>(.*?)<\/title>/is.exec(text)?.[1] ?? '';
  return decode(title).replace(/\s+/g, ' ').trim();
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  mdash: '—',
  ndash: '–',
  copy: '©',
};

/** @throws on an entity that it does not know, so that a wrong expectation does not pass unseen. */
function decode(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, entity: string) => {
    if (/^#x/i.test(entity)) return String.fromCodePoint(Number.parseInt(entity.slice(2), 16));
    if (entity.startsWith('#')) return String.fromCodePoint(Number(entity.slice(1)));
    const character = named[entity];
    if (character === undefined) throw new Error(`unknown entity ${whole}`);
    return character;
  });
}

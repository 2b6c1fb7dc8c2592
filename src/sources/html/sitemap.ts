import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser } from 'htmlparser2';
import { UnitFailedError } from '../../core/errors.ts';

/** One entry of a sitemap: a page, or (in an index) another sitemap. */
export interface SitemapEntry {
  readonly kind: 'page' | 'sitemap';
  /** As it stands there: not yet resolved, canonical or in scope. */
  readonly link: string;
}

/** Nesting of a sitemap is 3, of a feed 4; a file that is deeper is none, and would be slow to parse. */
const maxElementDepth = 32;
/** An address that is longer is out of scope anyway. */
const maxLinkLength = 65_536;
const chunkBytes = 64 * 1024;

/**
 * The entries of a sitemap, in batches as they are parsed: XML (sitemap or index), a text file with one URL a line, an
 * RSS or Atom feed; any of them gzipped.
 *
 * @param maxBytes most bytes after decompression.
 * @throws UnitFailedError when it is none of these, is cut off, or is too large. Batches before that are good.
 */
export async function* readSitemap(
  body: Buffer,
  maxBytes: number,
): AsyncGenerator<SitemapEntry[], void, void> {
  const decoder = new TextDecoder();
  let format: SitemapFormat | undefined;
  let start = '';
  for await (const chunk of decompress(body, maxBytes)) {
    let text = decoder.decode(chunk, { stream: true });
    if (format === undefined) {
      start = (start + text).trimStart();
      if (start === '') continue;
      format = start.startsWith('<') ? new XmlSitemap() : new TextSitemap();
      text = start;
    }
    format.write(text);
    if (format.entries.length > 0) yield format.entries.splice(0);
  }
  if (format === undefined) throw new UnitFailedError('SITEMAP_INVALID', 'The sitemap is empty.');
  format.write(decoder.decode());
  format.end();
  if (format.entries.length > 0) yield format.entries.splice(0);
}

interface SitemapFormat {
  readonly entries: SitemapEntry[];
  write(text: string): void;
  end(): void;
}

/** One URL a line. */
class TextSitemap implements SitemapFormat {
  readonly entries: SitemapEntry[] = [];
  #rest = '';

  write(text: string): void {
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? '').slice(0, maxLinkLength);
    for (const line of lines) this.#add(line);
  }

  end(): void {
    this.#add(this.#rest);
  }

  #add(line: string): void {
    const link = line.trim();
    if (link === '') return;
    if (!/^https?:\/\//i.test(link)) {
      throw new UnitFailedError(
        'SITEMAP_INVALID',
        `A text sitemap has one URL a line, but here is "${link.slice(0, 80)}".`,
      );
    }
    this.entries.push({ kind: 'page', link });
  }
}

/** What a text element is, by its parent and itself: only these hold addresses. */
const textEntries: ReadonlyMap<string, SitemapEntry['kind']> = new Map([
  ['url/loc', 'page'],
  ['sitemap/loc', 'sitemap'],
  ['item/link', 'page'],
]);

const rootNames: ReadonlySet<string> = new Set(['urlset', 'sitemapindex', 'rss', 'rdf', 'feed']);

class XmlSitemap implements SitemapFormat {
  readonly entries: SitemapEntry[] = [];
  readonly #parser: Parser;
  readonly #open: string[] = [];
  #isWhole = false;
  /** The address that is being read. */
  #link: string | undefined;

  constructor() {
    this.#parser = new Parser(
      {
        onopentag: (name, attributes) => {
          this.#onOpen(localName(name), attributes);
        },
        ontext: (text) => {
          if (this.#link !== undefined && this.#link.length < maxLinkLength) this.#link += text;
        },
        onclosetag: (_name, implied) => {
          this.#onClose(implied);
        },
      },
      { xmlMode: true },
    );
  }

  write(text: string): void {
    this.#parser.write(text);
  }

  end(): void {
    this.#parser.end();
    if (!this.#isWhole) throw new UnitFailedError('SITEMAP_CUT', 'The sitemap ends in the middle.');
  }

  #onOpen(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#open.length === 0 && !rootNames.has(name)) {
      throw new UnitFailedError(
        'SITEMAP_INVALID',
        `This is no sitemap: its root element is <${name.slice(0, 80)}>.`,
      );
    }
    if (this.#open.length >= maxElementDepth) {
      throw new UnitFailedError('SITEMAP_INVALID', 'The sitemap nests its elements too deeply.');
    }
    const parent = this.#open.at(-1) ?? '';
    this.#open.push(name);
    if (textEntries.has(`${parent}/${name}`)) this.#link = '';
    else if (parent === 'entry' && name === 'link') this.#addFeedLink(attributes);
  }

  #onClose(implied: boolean): void {
    const name = this.#open.pop() ?? '';
    const parent = this.#open.at(-1) ?? '';
    const kind = textEntries.get(`${parent}/${name}`);
    if (kind !== undefined && this.#link !== undefined) {
      const link = this.#link.trim();
      if (link !== '') this.entries.push({ kind, link });
    }
    this.#link = undefined;
    if (this.#open.length === 0) this.#isWhole = !implied;
  }

  #addFeedLink(attributes: Readonly<Record<string, string>>): void {
    const { href, rel = 'alternate' } = attributes;
    if (href !== undefined && rel === 'alternate') this.entries.push({ kind: 'page', link: href });
  }
}

/** An element's name without its prefix, in small letters. */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}

async function* decompress(body: Buffer, maxBytes: number): AsyncGenerator<Buffer, void, void> {
  let bytes = 0;
  try {
    for await (const chunk of isGzip(body)
      ? Readable.from([body]).pipe(createGunzip())
      : cut(body)) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) {
        throw new UnitFailedError(
          'SITEMAP_TOO_LARGE',
          `The sitemap is larger than ${maxBytes} bytes after decompression.`,
        );
      }
      yield chunk as Buffer;
    }
  } catch (error) {
    if (error instanceof UnitFailedError) throw error;
    throw new UnitFailedError(
      'SITEMAP_DAMAGED',
      'The gzipped sitemap is damaged or cut.',
      {},
      error,
    );
  }
}

function* cut(body: Buffer): Generator<Buffer, void, void> {
  for (let at = 0; at < body.length; at += chunkBytes) yield body.subarray(at, at + chunkBytes);
}

function isGzip(body: Buffer): boolean {
  return body[0] === 0x1f && body[1] === 0x8b;
}

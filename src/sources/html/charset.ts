import { isUtf8 } from 'node:buffer';
import { decodeBuffer, getEncoding } from 'encoding-sniffer';
import { UnitFailedError } from '../../core/errors.ts';

/** How far into a page its encoding is looked for; the standard says 1,024 bytes, some pages say it later. */
const sniffedBytes = 4096;

/**
 * A page's bytes as text. The encoding is told, in this order, by the byte order mark, the Content-Type header, and
 * the page itself (`<meta>`, XML declaration); a page that does not say is UTF-8 when its bytes are, else Windows-1252.
 * Bytes that are wrong in that encoding become U+FFFD; the byte order mark is not part of the text.
 *
 * @param contentType the header's value.
 * @throws UnitFailedError for the few encodings that the standard forbids to decode (they hide scripts).
 */
export function decodeHtml(body: Buffer, contentType: string | undefined): string {
  const encoding = encodingOf(body, charsetLabel(contentType));
  if (encoding === 'utf-8') return body.toString('utf8', hasUtf8Mark(body) ? 3 : 0);
  if (encoding === 'replacement') {
    throw new UnitFailedError(
      'CHARSET_FORBIDDEN',
      'The page is in an encoding that the web standard does not allow to be decoded (such as ISO-2022-KR).',
    );
  }
  return decodeBuffer(body, { userEncoding: encoding });
}

/** The encoding's name as the standard has it, in small letters. */
function encodingOf(body: Buffer, label: string | undefined): string {
  if (hasUtf8Mark(body)) return 'utf-8';
  if (!hasUtf16Mark(body)) {
    if (label === undefined) {
      const declared = declaredAtOnce(body);
      if (declared !== undefined) return declared;
    } else if (/^utf-?8$/i.test(label)) {
      return 'utf-8';
    }
  }
  return getEncoding(body, {
    maxBytes: sniffedBytes,
    defaultEncoding: undeclared(body),
    ...(label === undefined ? {} : { transportLayerEncodingLabel: label }),
  }).toLowerCase();
}

/**
 * The answer for the two kinds of page that nearly all are, at a tenth of the sniffer's cost: those in which whatever
 * looks like a declaration says UTF-8, and those in which nothing does. Undefined for all others.
 */
function declaredAtOnce(body: Buffer): string | undefined {
  const head = body.toString('latin1', 0, sniffedBytes);
  // UTF-16 without a mark has a NUL in its first two bytes; the sniffer knows it by its "<".
  if (head.startsWith('\0') || head[1] === '\0') return undefined;
  let declared: string | undefined;
  for (const [, label = ''] of head.matchAll(declaration)) {
    if (!/^utf-?8$/i.test(label)) return undefined;
    declared = 'utf-8';
  }
  return declared ?? undeclared(body);
}

/** `charset=utf-8` and `encoding="UTF-8"`, wherever they stand. */
const declaration = /(?:charset|encoding)\s*=\s*["']?\s*([^\s"'/>;]*)/gi;

function undeclared(body: Buffer): string {
  return isUtf8(body) ? 'utf-8' : 'windows-1252';
}

function charsetLabel(contentType: string | undefined): string | undefined {
  return /charset\s*=\s*["']?\s*([^\s;"']+)/i.exec(contentType ?? '')?.[1];
}

function hasUtf8Mark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}

function hasUtf16Mark(body: Buffer): boolean {
  return (body[0] === 0xfe && body[1] === 0xff) || (body[0] === 0xff && body[1] === 0xfe);
}

import { UnitSkippedError } from '../../core/errors.ts';

/** What a page's content may be announced as. */
const htmlTypes: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);

/** Whether content is announced as that of a page. */
export function hasHtmlType(contentType: string): boolean {
  return htmlTypes.has(typeName(contentType));
}

/** Whether an answer is a page. One without a type is when it looks like markup. */
export function isHtmlType(contentType: string | undefined, body: Buffer): boolean {
  const type = typeName(contentType);
  return type === '' ? looksLikeMarkup(body) : htmlTypes.has(type);
}

/** What becomes of a unit whose answer is not a page. */
export function notHtml(url: string, contentType: string | undefined): UnitSkippedError {
  const type = typeName(contentType);
  return new UnitSkippedError(
    'NOT_HTML',
    `${url} is ${type === '' ? 'no HTML' : type}, not a page.`,
    { url, contentType: type },
  );
}

function typeName(contentType: string | undefined): string {
  return contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
}

function looksLikeMarkup(body: Buffer): boolean {
  return body
    .toString('latin1', 0, 1024)
    .replace(/^(?:\xef\xbb\xbf)?\s*/, '')
    .startsWith('<');
}

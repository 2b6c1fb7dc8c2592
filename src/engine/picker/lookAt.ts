import { collectionFileSchema } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import { silentLogger } from '../../core/ports.ts';
import { Redactor } from '../../core/redactor.ts';
import type { AddressLook } from '../../core/picker.ts';
import { HttpClient } from '../../sources/http/client.ts';
import { readJson } from '../../sources/rest/answer.ts';
import { guessJson } from './guessJson.ts';
import { guessPage } from './guessPage.ts';
import { pageContext, type ReadingPorts } from './pageContext.ts';
import { readPage } from './readPage.ts';

/** What an address is looked at as. */
export type LookedAtAs = 'html' | 'browser' | 'rest';

/**
 * Looks at an address once, and says what a collection of it could be made of.
 *
 * @throws as `readPage` and `HttpClient.fetch` do; UnitFailedError for an answer that is no JSON.
 */
export async function lookAt(
  as: LookedAtAs,
  url: string,
  ports: ReadingPorts,
  signal: AbortSignal,
): Promise<AddressLook> {
  if (as === 'rest') return lookAtApi(url, ports, signal);
  const text = JSON.stringify({ name: 'look', source: { type: as, fields: {} } });
  const { page } = await readPage(text, url, url, ports, signal);
  return guessPage(page);
}

async function lookAtApi(
  url: string,
  ports: ReadingPorts,
  signal: AbortSignal,
): Promise<AddressLook> {
  const parsed = collectionFileSchema.parse({ name: 'look', source: { type: 'rest', url } });
  if (parsed.source.type !== 'rest') throw new UsageError('URL_INVALID', url);
  const client = new HttpClient({
    context: pageContext(parsed, ports, new Redactor()),
    request: parsed.source.request,
    headers: { accept: 'application/json' },
  });
  try {
    const response = await client.fetch({ url, signal });
    const received = { response, url, redact: (text: string) => text };
    const body = readJson(received, silentLogger);
    return guessJson({ url: response.url, body, link: response.header('link') });
  } finally {
    await client.close();
  }
}

import type { ApifyClientOptions } from 'apify-client';
import type { HttpClient } from '../http/client.ts';

type Interceptor = NonNullable<NonNullable<ApifyClientOptions['requestInterceptors']>[number]>;

/** Statuses whose answers Apify's client reads: it knows Apify's own names of errors. */
function isApifyAnswer(status: number): boolean {
  return status < 500 && status !== 429 && status !== 408;
}

/**
 * Has Apify's client send its requests through ours: so that the proxy and the certificates of the editor, the limits of
 * a host, its circuit, `limits.maxRequests` and the signal hold for them, too. An error of ours comes out as it is.
 */
export function throughHttpClient(http: HttpClient, signal: AbortSignal): Interceptor {
  return (config) => {
    // Or the client would compress the body: inputs are small, and ours sends texts.
    config.headers = Object.assign(config.headers ?? {}, { 'content-encoding': 'identity' });
    config.adapter = async (request) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers.toJSON(true)).filter(
          (entry): entry is [string, string] =>
            typeof entry[1] === 'string' && entry[0] !== 'content-encoding',
        ),
      );
      const body: unknown = request.data;
      const response = await http.fetch({
        url: absoluteUrl(request.url ?? '', request.params),
        method: methodOf(request.method),
        headers,
        ...(typeof body === 'string' ? { body } : {}),
        signal,
        accept: isApifyAnswer,
      });
      return {
        data: response.body,
        status: response.status,
        statusText: '',
        headers: { 'content-type': response.header('content-type') ?? '' },
        config: request,
      };
    };
    return config;
  };
}

/** The parameters as Apify's client writes them: true and false as 1 and 0. */
function absoluteUrl(text: string, params: unknown): string {
  const url = new URL(text);
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value === undefined) continue;
    url.searchParams.append(name, String(typeof value === 'boolean' ? Number(value) : value));
  }
  return url.href;
}

function methodOf(method: string | undefined): 'GET' | 'POST' | 'HEAD' {
  const name = (method ?? 'GET').toUpperCase();
  if (name === 'GET' || name === 'POST' || name === 'HEAD') return name;
  throw new Error(`No call is made with ${name}`);
}

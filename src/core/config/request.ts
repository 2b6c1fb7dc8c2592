import * as z from 'zod';
import { count, text } from './parts.ts';

const headerMap = z
  .record(z.string(), z.string())
  .describe('Header names and values; values may hold ${secret:NAME}.');

/** How requests are made: the same for every source that speaks HTTP. */
export const requestOptions = z.strictObject({
  headers: headerMap.optional(),
  cookies: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      'Cookies to send to the start hosts; cookies that hosts set are kept for the session.',
    ),
  userAgent: text()
    .optional()
    .describe('The whole User-Agent. Left out: "cf-collector/VERSION" and the contact.'),
  contact: text()
    .optional()
    .describe('A mail address or URL that the User-Agent names, so that a site can reach you.'),
  proxy: text()
    .optional()
    .describe("Proxy URL. Left out: the editor's http.proxy, else the environment's."),
  timeoutMs: count(3_600_000)
    .default(30_000)
    .describe('Deadline of one request, body included, in milliseconds.'),
  maxBodyBytes: count()
    .default(32 * 1024 * 1024)
    .describe('Largest body, after decompression, in bytes. A larger one fails the unit.'),
  maxRedirects: z
    .number()
    .int()
    .min(0)
    .max(50)
    .default(10)
    .describe('Redirects followed for one request.'),
});

/** How requests are made. */
export type RequestConfig = z.infer<typeof requestOptions>;

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { RequestConfig } from '../../../../src/core/config/request.ts';
import type { CollectorError } from '../../../../src/core/errors.ts';
import { HttpClient, type HttpRequest } from '../../../../src/sources/http/client.ts';
import type { SourceContext } from '../../../../src/sources/source.ts';
import { makeContext } from '../../../conformance/drive.ts';
import { FaultyServer, type Routes } from '../../../fixtures/faultyServer.ts';

/** The schema's defaults for `request`. */
export const requestDefaults: RequestConfig = {
  timeoutMs: 30_000,
  maxBodyBytes: 32 * 1024 * 1024,
  maxRedirects: 10,
};

/** A server that ends with the test. */
export async function serve(t: TestContext, routes: Routes): Promise<FaultyServer> {
  const server = await FaultyServer.start(routes);
  t.after(() => server.close());
  return server;
}

/** A client that is closed when the test ends. */
export function openClient(
  t: TestContext,
  request: Partial<RequestConfig> = {},
  context: Partial<SourceContext> = {},
): HttpClient {
  const client = new HttpClient({
    context: makeContext(context),
    request: { ...requestDefaults, ...request },
  });
  t.after(() => client.close());
  return client;
}

/** A request without a signal of its own. */
export function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { url, signal: new AbortController().signal, ...more };
}

/** The error of ours that `work` rejects with, of the class and with the code that are expected. */
export async function failure<E extends CollectorError>(
  work: Promise<unknown>,
  type: new (...args: never[]) => E,
  code: string,
): Promise<E> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof type, `${type.name} expected, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  return assert.fail(`${code} expected, nothing was thrown`);
}

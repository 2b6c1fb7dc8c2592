import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UnitFailedError } from '../../../../src/core/errors.ts';
import { failure, get, openClient } from './httpBench.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/tls/${name}`, import.meta.url));

/** A server whose certificate is for 127.0.0.1, from an authority that nobody knows. */
async function serveTls(t: TestContext): Promise<string> {
  const server = createServer(
    { key: readFileSync(fixture('server.key')), cert: readFileSync(fixture('server.crt')) },
    (_request, response) => response.end('safe'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Fetches in a process of its own, since certificates are read from the environment once. */
async function fetchIn(
  environment: Readonly<Record<string, string>>,
  url: string,
  network: object,
): Promise<string> {
  const script = fileURLToPath(new URL('tlsFetch.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, url, JSON.stringify(network)],
    { env: { ...process.env, ...environment } },
  );
  return stdout.trim();
}

test('a certificate that is not trusted fails the unit, with advice, and not the circuit', async (t) => {
  const url = await serveTls(t);
  const client = openClient(t);
  for (let i = 0; i < 8; i++) {
    const error = await failure(client.fetch(get(url)), UnitFailedError, 'TLS_CERTIFICATE');
    assert.match(error.message, /NODE_EXTRA_CA_CERTS/);
  }
  assert.equal(client.health()[0]!.circuit, 'closed');
});

test('strictSsl: false does without', async (t) => {
  const client = openClient(t, {}, { network: { strictSsl: false } });
  const response = await client.fetch(get(await serveTls(t)));
  assert.equal(response.body.toString(), 'safe');
});

test('the extra certificates of Node are trusted', async (t) => {
  const environment = { NODE_EXTRA_CA_CERTS: fixture('ca.crt') };
  assert.equal(await fetchIn(environment, await serveTls(t), {}), 'safe');
});

test(
  'the certificates of the system are trusted, unless that is switched off',
  { skip: process.platform !== 'linux' && 'only OpenSSL takes its system from the environment' },
  async (t) => {
    const url = await serveTls(t);
    const environment = { SSL_CERT_FILE: fixture('ca.crt') };
    assert.equal(await fetchIn(environment, url, {}), 'safe');
    assert.equal(await fetchIn(environment, url, { systemCertificates: false }), 'TLS_CERTIFICATE');
  },
);

test('a certificate of another name fails the unit', async (t) => {
  const url = (await serveTls(t)).replace('127.0.0.1', 'localhost');
  const environment = { NODE_EXTRA_CA_CERTS: fixture('ca.crt') };
  assert.equal(await fetchIn(environment, url, {}), 'TLS_CERTIFICATE');
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as forward, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { PauseError, RetryError, UnitFailedError } from '../../../../src/core/errors.ts';
import { createDispatcher } from '../../../../src/sources/http/dispatcher.ts';
import { html } from '../../../fixtures/answers.ts';
import { failure, get, openClient, serve } from './httpBench.ts';

interface Proxy {
  readonly url: string;
  /** What it was asked for: `GET http://host/path` or `CONNECT host:port`. */
  readonly asked: string[];
  /** The `proxy-authorization` headers it got. */
  readonly authorizations: (string | undefined)[];
}

/** A forward proxy on loopback. Names ending in `.test` lead to 127.0.0.1. */
async function startProxy(t: TestContext, refuse = false): Promise<Proxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    authorizations.push(request.headers['proxy-authorization']);
    if (refuse) {
      response.writeHead(407).end();
      return;
    }
    const target = new URL(request.url ?? '');
    forward(
      { host: '127.0.0.1', port: target.port, path: target.pathname, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    ).end();
  });
  server.on('connect', (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    authorizations.push(request.headers['proxy-authorization']);
    if (refuse) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const upstream = connect(Number((request.url ?? '').split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket]) end.on('error', () => socket.destroy());
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, authorizations };
}

/** A site that only the proxy can find. */
async function hidden(t: TestContext): Promise<string> {
  const server = await serve(t, { '/x': html('found') });
  return `http://site.test:${new URL(server.url()).port}/x`;
}

/** Sets variables of the environment for the time of a test. */
function environment(t: TestContext, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    t.after(() => {
      if (before === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before;
    });
  }
}

test('the proxy of the collection is used, with its secret, for plain HTTP without a tunnel', async (t) => {
  const proxy = await startProxy(t);
  const url = await hidden(t);
  const secrets = { get: () => Promise.resolve('p@ss/word') };
  const withUser = proxy.url.replace('//', '//user:${secret:PROXY}@');
  const client = openClient(t, { proxy: withUser }, { secrets });
  assert.equal((await client.fetch(get(url))).body.toString(), 'found');
  assert.deepEqual(proxy.asked, [`GET ${url}`]);
  const sent = Buffer.from((proxy.authorizations[0] ?? '').replace('Basic ', ''), 'base64');
  assert.equal(sent.toString(), 'user:p@ss/word');
});

test('https goes through a tunnel', async (t) => {
  const proxy = await startProxy(t);
  const url = (await hidden(t)).replace('http:', 'https:');
  // The site speaks no TLS; that the tunnel was asked for is what this is about.
  const work = openClient(t, { proxy: proxy.url }).fetch(get(url));
  await failure(work, RetryError, 'CONNECTION_FAILED');
  assert.deepEqual(proxy.asked, [`CONNECT ${new URL(url).host}`]);
});

test('the proxy of the editor is used, but for loopback and the hosts it excepts', async (t) => {
  const proxy = await startProxy(t);
  const url = await hidden(t);
  const server = await serve(t, { '/x': html('direct') });
  const network = { proxy: proxy.url, noProxy: ['except.test'] };
  const client = openClient(t, {}, { network });
  assert.equal((await client.fetch(get(url))).body.toString(), 'found');
  assert.equal((await client.fetch(get(server.url('/x')))).body.toString(), 'direct');
  await failure(client.fetch(get('http://except.test/x')), RetryError, 'DNS_NOT_FOUND');
  assert.deepEqual(proxy.asked, [`GET ${url}`]);
});

test('the collection’s proxy goes before the editor’s', async (t) => {
  const [own, editor] = [await startProxy(t), await startProxy(t)];
  const client = openClient(t, { proxy: own.url }, { network: { proxy: editor.url } });
  await client.fetch(get(await hidden(t)));
  assert.equal(own.asked.length, 1);
  assert.equal(editor.asked.length, 0);
});

test('the environment’s proxy is used, but for NO_PROXY', async (t) => {
  const proxy = await startProxy(t);
  const url = await hidden(t);
  const server = await serve(t, { '/x': html('direct') });
  environment(t, { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' });
  const client = openClient(t);
  assert.equal((await client.fetch(get(url))).body.toString(), 'found');
  assert.equal((await client.fetch(get(server.url('/x')))).body.toString(), 'direct');
  assert.deepEqual(proxy.asked, [`GET ${url}`]);
});

test('a proxy that wants a password fails the unit, for HTTP and for tunnels', async (t) => {
  const proxy = await startProxy(t, true);
  const url = await hidden(t);
  for (const target of [url, url.replace('http:', 'https:')]) {
    const work = openClient(t, { proxy: proxy.url }).fetch(get(target));
    await failure(work, UnitFailedError, 'PROXY_UNAUTHORIZED');
  }
});

test('a proxy that does not answer is tried again', async (t) => {
  const server = await serve(t, {});
  await server.close();
  const work = openClient(t, { proxy: server.url() }).fetch(get('http://site.test/x'));
  await failure(work, RetryError, 'CONNECTION_FAILED');
});

test('a proxy that is no URL pauses, and its password is not shown', async (t) => {
  const work = openClient(t, { proxy: 'user:hunter2@proxy:80:80' }).fetch(get('http://site.test/'));
  const error = await failure(work, PauseError, 'PROXY_INVALID');
  assert.doesNotMatch(
    `${error.message} ${JSON.stringify(error.data)} ${String(error.cause)}`,
    /hunter2/,
  );
});

test('without any proxy connections are direct', async (t) => {
  const dispatcher = createDispatcher({
    proxy: undefined,
    network: {},
    environment: { HTTP_PROXY: '', NO_PROXY: '*' },
    timeoutMs: 1000,
    connections: 1,
  });
  t.after(() => dispatcher.destroy());
  assert.equal(dispatcher.constructor.name, 'Agent');
});

/** The entry of a process that runs json-server on what its parent sends first, and ends with its parent. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** The part of json-server 0.17 that is used here; it has no types of its own. */
interface JsonServerModule {
  create(): { use(handler: Handler): void; listen(port: number, host: string): Server };
  defaults(options: { readonly logger: boolean }): Handler;
  router(database: object): Handler;
}

const jsonServer = createRequire(import.meta.url)('json-server') as JsonServerModule;
const requests: string[] = [];

function start(database: object): void {
  const app = jsonServer.create();
  app.use((request, _response, next) => {
    requests.push(request.url ?? '');
    next();
  });
  app.use(jsonServer.defaults({ logger: false }));
  app.use(jsonServer.router(database));
  const server = app.listen(0, '127.0.0.1');
  server.on('listening', () => {
    process.send?.((server.address() as AddressInfo).port);
  });
}

process.on('message', (message: object | 'requests') => {
  if (message === 'requests') process.send?.(requests);
  else start(message);
});
process.on('disconnect', () => {
  process.exit(0);
});

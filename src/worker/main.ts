import { parentPort } from 'node:worker_threads';
import { Rpc } from '../protocol/rpc.ts';
import type { HostEvents, HostRequests, WorkerEvents, WorkerRequests } from '../protocol/worker.ts';
import { collectionHandlers } from './collectionHandlers.ts';
import { ExtensionLinks } from './extensionLinks.ts';
import { sampleHandlers } from './sampleHandlers.ts';
import { recordHandlers } from './recordHandlers.ts';
import { toolHandlers } from './tools.ts';
import { WorkerSessions, type HostSide } from './workerSessions.ts';

/** The worker's entry: the engine beside the extension host's event loop, behind {@link WorkerRequests}. */
const port = parentPort;
if (port === null) throw new Error('This file runs in a worker thread.');

const links = new ExtensionLinks({
  openSource: (params, timeoutMs) => rpc.request('openSource', params, timeoutMs),
  closeSource: (params) => rpc.request('closeSource', params),
  emit: (name, payload) => {
    rpc.emit(name, payload);
  },
});
const host: HostSide = {
  emit: (name, payload) => {
    rpc.emit(name, payload);
  },
  secret: async (name) => (await rpc.request('secret', { name }, 60_000)) ?? undefined,
  openExtensionSource: (id, signal) => links.open(id, signal),
};
const sessions = new WorkerSessions(host);

const rpc: Rpc<WorkerRequests, HostRequests, HostEvents, WorkerEvents> = new Rpc<
  WorkerRequests,
  HostRequests,
  HostEvents,
  WorkerEvents
>({
  channel: {
    post: (message) => {
      port.postMessage(message);
    },
    listen: (listener) => {
      port.on('message', listener);
      return () => port.off('message', listener);
    },
  },
  onEvent: (name, payload) => {
    links.receive(name, payload);
  },
  handlers: {
    ...sessions.handlers(),
    ...collectionHandlers(sessions),
    ...recordHandlers(sessions),
    ...toolHandlers(host, sessions),
    ...sampleHandlers(),
  },
});

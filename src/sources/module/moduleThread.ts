import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { placeIn } from '../../core/customSource/place.ts';
import { codeOf } from '../../core/errors.ts';
import type { Logger } from '../../core/ports.ts';
import { LogGate } from '../../core/customSource/logGate.ts';
import type { RemoteChannel, RemoteEnd, RemotePlace } from '../remote/place.ts';
import type { WorkerStart } from './workerStart.ts';

/** The worker's entry: beside this file, or beside the bundle that this file is a part of. */
const workerFile = path.join(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? 'moduleWorker.ts' : 'moduleWorker.js',
);

/** Settings of a module's worker. */
export interface ThreadOptions {
  /** As the collection names it. */
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** Absolute path of the workspace folder. */
  readonly root: string;
  readonly maxMemoryMb: number;
  readonly logger: Logger;
}

/** A worker of its own for a person's module: what goes on in it can be ended, whatever it is. */
export class ModuleThread implements RemotePlace {
  readonly name: string;
  readonly url: string;
  readonly #options: ThreadOptions;

  constructor(options: ThreadOptions) {
    this.name = options.name;
    this.url = pathToFileURL(options.file).href;
    this.#options = options;
  }

  connect(): Promise<RemoteChannel> {
    const { file, root, maxMemoryMb } = this.#options;
    const { port1: port, port2 } = new MessageChannel();
    const start: WorkerStart = {
      module: pathToFileURL(file).href,
      root: pathToFileURL(root).href.replace(/\/$/, ''),
      port: port2,
    };
    const worker = new Worker(workerFile, {
      name: this.name,
      workerData: start,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: maxMemoryMb },
      stdout: true,
      stderr: true,
    });
    this.#logOutput(worker);
    let isClosed = false;
    let cause: RemoteEnd | undefined;
    const ended = new Promise<RemoteEnd>((resolve) => {
      worker.on('error', (error) => {
        cause ??= this.#fallen(error, start.root);
      });
      worker.on('exit', (exitCode) => {
        port.close();
        if (!isClosed) resolve(cause ?? this.#exited(exitCode));
      });
    });
    const kill = async (): Promise<void> => {
      await worker.terminate();
    };
    return Promise.resolve({
      ended,
      kill,
      close: async () => {
        isClosed = true;
        await kill();
      },
      post: (message) => {
        port.postMessage(message);
      },
      listen: (listener) => {
        port.on('message', listener);
        return () => port.off('message', listener);
      },
    });
  }

  /** What the module prints goes to the session's log. */
  #logOutput(worker: Worker): void {
    const { logger } = this.#options;
    const gate = new LogGate(() => performance.now());
    const log = (level: 'debug' | 'warn') => (text: string) => {
      const line = gate.pass(text.trimEnd(), undefined);
      if (line !== undefined) logger[level]({ source: this.name }, line.message);
    };
    worker.stdout.setEncoding('utf8').on('data', log('debug'));
    worker.stderr.setEncoding('utf8').on('data', log('warn'));
  }

  #fallen(error: Error, root: string): RemoteEnd {
    if (codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') {
      const { maxMemoryMb } = this.#options;
      const message = `${this.name} took more than the ${maxMemoryMb} MB of source.maxMemoryMb.`;
      return { kind: 'crashed', code: 'SOURCE_OUT_OF_MEMORY', message };
    }
    const place = placeIn(root)(error) ?? this.name;
    return {
      kind: 'crashed',
      code: 'SOURCE_CRASHED',
      message: `${place}: ${error.message} (thrown where nobody catches it: is an "await" missing?)`,
    };
  }

  #exited(exitCode: number): RemoteEnd {
    const message = `${this.name} ended its worker itself, with exit code ${exitCode}.`;
    return { kind: 'crashed', code: 'SOURCE_EXITED', message };
  }
}

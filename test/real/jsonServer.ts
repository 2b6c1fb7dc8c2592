import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('jsonServerProcess.ts', import.meta.url));

/** json-server (npm), as it is, in a process of its own. */
export class JsonServer {
  readonly #child: ChildProcess;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.origin = `http://127.0.0.1:${port}`;
  }

  /** Serves these collections. It ends with {@link close}, or when this process does. */
  static async start(database: Readonly<Record<string, readonly object[]>>): Promise<JsonServer> {
    const child = fork(entry, [], { serialization: 'advanced', execArgv: [] });
    child.send(database);
    const [port] = (await once(child, 'message')) as [number];
    return new JsonServer(child, port);
  }

  /** The paths, with queries, that were asked for so far, in order. */
  async requests(): Promise<readonly string[]> {
    this.#child.send('requests');
    const [requests] = (await once(this.#child, 'message')) as [string[]];
    return requests;
  }

  async close(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}

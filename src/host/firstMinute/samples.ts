import * as vscode from 'vscode';
import { messageOf } from '../../core/errors.ts';
import { samples, servedIn, type SampleServerName } from '../../core/samples.ts';
import { collectionSuffix } from '../../contributions.ts';
import type { EngineClient } from '../engine/engineClient.ts';

const serveTimeoutMs = 20_000;

/** Enough for the samples of a few folders; a sample among more of them is served when it is started. */
const mostFiles = 30;

/**
 * Sees to it that what the sample collections of this window ask for is served. The servers live in the worker, at the
 * ports that the files name: so a session begun before a reload or a crash goes on at the same address.
 */
export class Samples {
  readonly #engine: Pick<EngineClient, 'request'>;
  readonly #log: Pick<vscode.LogOutputChannel, 'warn'>;

  constructor(engine: Pick<EngineClient, 'request'>, log: Pick<vscode.LogOutputChannel, 'warn'>) {
    this.#engine = engine;
    this.#log = log;
  }

  /** Serves a sample at a port, 0 for any; gives the port. Rejects with `SAMPLE_PORT_TAKEN`. */
  async serve(server: SampleServerName, port: number): Promise<number> {
    const served = await this.#engine.request('serveSample', { server, port }, serveTimeoutMs);
    return served.port;
  }

  /**
   * Looks for sample collections in the open folders, and serves what they ask for. Where none is trusted, and where no
   * file has a sample's name, nothing is started. A failure is logged: it is told when it matters, by `before`.
   */
  look(): void {
    void this.#look().catch(this.#logFailure);
  }

  /**
   * Before a collection file is run or tried out: serves what it asks for, if anything.
   *
   * @throws an error with the code `SAMPLE_PORT_TAKEN` where another program has the port.
   */
  async before(file: vscode.Uri): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    const asked = servedIn((await readText(file)) ?? '');
    if (asked) await this.serve(asked.server, asked.port);
  }

  readonly #logFailure = (error: unknown): void => {
    this.#log.warn(`A sample is not served: ${messageOf(error)}`);
  };

  async #look(): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    const names = samples.flatMap(({ name }) => [name, `sample-${name}`]).join(',');
    const found = await vscode.workspace.findFiles(
      `**/{${names}}${collectionSuffix}`,
      '**/{node_modules,.cf_state}/**',
      mostFiles,
    );
    for (const file of found) {
      if (file.scheme === 'file') await this.before(file).catch(this.#logFailure);
    }
  }
}

/** A file's text; undefined where there is none. */
export async function readText(file: vscode.Uri): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  } catch {
    return undefined;
  }
}

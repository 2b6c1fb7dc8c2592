import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../fixtures/freePort.ts';

/** Where Debian's package `prometheus` has its program. */
const program = '/usr/bin/prometheus';

/** Why there is no Prometheus here; undefined where there is one. */
export const whyNoPrometheus = existsSync(program)
  ? undefined
  : `${program} is not there: apt-get install prometheus`;

/** A Prometheus that scrapes one address of this machine. */
export class Prometheus {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  /**
   * Starts one, and waits until it answers.
   *
   * @param folder where it keeps what it scrapes.
   * @param target `HOST:PORT`, which need not answer yet.
   */
  static async start(folder: string, target: string, intervalMs: number): Promise<Prometheus> {
    const config = join(folder, 'prometheus.yml');
    // JSON is YAML.
    const settings = {
      global: { scrape_interval: `${intervalMs}ms`, scrape_timeout: `${intervalMs}ms` },
      scrape_configs: [{ job_name: 'collector', static_configs: [{ targets: [target] }] }],
    };
    await writeFile(config, JSON.stringify(settings));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      program,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const said: string[] = [];
    const lines = createInterface({ input: child.stderr });
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        said.push(line);
        if (line.includes('Server is ready')) resolve();
      });
      child.once('error', reject);
      child.once('exit', () => {
        reject(new Error(`prometheus ended:\n${said.join('\n')}`));
      });
    });
    return new Prometheus(child, `http://${address}`);
  }

  /**
   * What an expression comes to now, of at most one series.
   *
   * @returns undefined where there is none.
   */
  async value(expression: string): Promise<number | undefined> {
    const url = new URL('/api/v1/query', this.#url);
    url.searchParams.set('query', expression);
    const answer = (await (await fetch(url)).json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
    };
    if (answer.data === undefined)
      throw new Error(`${expression}: ${answer.error ?? answer.status}`);
    const { result } = answer.data;
    if (result.length > 1) throw new Error(`${expression} comes to ${result.length} series`);
    return result[0] === undefined ? undefined : Number(result[0].value[1]);
  }

  /** Ends it. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { atPort, samples, servedIn } from '../src/core/samples.ts';
import { inProject } from './project.ts';

/** The sample site, the sample API and the quotes site, all listening. */
export interface SampleServers {
  readonly site: string;
  readonly api: string;
  readonly quotes: string;
  stop(): void;
}

/**
 * Makes the folder (a fresh one in the system's temporary folder when none is named) with the
 * sample collections in it, and serves what they collect. Collections that are already there keep
 * their ports, so that a session begun in this folder can go on.
 */
export async function serveSamples(
  workspace: string | undefined,
): Promise<{ readonly workspace: string; readonly servers: SampleServers }> {
  const folder = workspace ?? (await mkdtemp(path.join(os.tmpdir(), 'cf-sample-')));
  await mkdir(folder, { recursive: true });
  const ports = await Promise.all(
    samples.map(({ name }) => portIn(path.join(folder, `${name}.collect.json`))),
  );
  const servers = await startServers(ports);
  for (const { name, server, port } of samples) {
    const file = `${name}.collect.json`;
    const target = path.join(folder, file);
    if (existsSync(target)) continue;
    const text = await readFile(inProject('media', 'samples', file), 'utf8');
    await writeFile(target, atPort(text, port, Number(new URL(servers[server]).port)));
  }
  return { workspace: folder, servers };
}

/** 0 where there is no such file, or it is nobody's sample. */
async function portIn(file: string): Promise<number> {
  return existsSync(file) ? (servedIn(await readFile(file, 'utf8'))?.port ?? 0) : 0;
}

/** @param ports of each sample's server; 0 lets the system choose. */
async function startServers(ports: readonly number[]): Promise<SampleServers> {
  const options = ['--port', '--api-port', '--quotes-port'];
  const args = options.flatMap((option, i) => [option, String(ports[i] ?? 0)]);
  const serve = spawn(
    process.execPath,
    [inProject('dist', 'serve.js'), ...args, '--delay-ms', '100', '--json', '--until-stdin-ends'],
    // It ends with this process, however that ends: its standard input does.
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const line = await new Promise<string>((resolve, reject) => {
    readline.createInterface({ input: serve.stdout }).once('line', resolve);
    serve.once('error', reject);
    serve.once('exit', (code) => {
      reject(new Error(`The sample servers ended with ${code}.`));
    });
  });
  const urls = JSON.parse(line) as Record<'site' | 'api' | 'quotes', string>;
  return { ...urls, stop: () => serve.stdin.end() };
}

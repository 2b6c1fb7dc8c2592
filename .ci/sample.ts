import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { inProject } from './project.ts';

/** The sample collections, and the port that each one's file in media/samples names. */
const samples = [
  { file: 'books.collect.json', server: 'site', port: '8080' },
  { file: 'papers.collect.json', server: 'api', port: '8081' },
  { file: 'quotes.collect.json', server: 'quotes', port: '8082' },
] as const;

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
  const ports = await Promise.all(samples.map(({ file }) => portIn(folder, file)));
  const servers = await startServers(ports.map((port) => port ?? '0'));
  for (const { file, server, port } of samples) {
    const target = path.join(folder, file);
    if (existsSync(target)) continue;
    const text = await readFile(inProject('media', 'samples', file), 'utf8');
    await writeFile(target, text.replaceAll(`127.0.0.1:${port}`, new URL(servers[server]).host));
  }
  return { workspace: folder, servers };
}

async function portIn(folder: string, file: string): Promise<string | undefined> {
  const target = path.join(folder, file);
  if (!existsSync(target)) return undefined;
  return /127\.0\.0\.1:(\d+)/.exec(await readFile(target, 'utf8'))?.[1];
}

/** @param ports of each sample's server; "0" lets the system choose. */
async function startServers(ports: readonly string[]): Promise<SampleServers> {
  const options = ['--port', '--api-port', '--quotes-port'];
  const args = options.flatMap((option, i) => [option, ports[i] ?? '0']);
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

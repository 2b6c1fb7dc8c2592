#!/usr/bin/env node
import { oldestNode, supportsEngine } from './nodeVersion.ts';

/**
 * The entry of `cf-collect`. It must parse and run on an old Node, only to say which one is needed; so what needs a
 * newer one is imported after the check.
 */
async function main(): Promise<void> {
  if (!supportsEngine(process.versions.node)) {
    process.stderr.write(
      `cf-collect needs Node ${oldestNode} or later (it uses node:sqlite); this is Node ${process.versions.node}.\n`,
    );
    process.exitCode = 2;
    return;
  }
  const { runCli } = await import('./cli.ts');
  process.exitCode = await runCli(process.argv.slice(2));
}

void main();

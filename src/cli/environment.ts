import { silentLogger } from '../core/ports.ts';
import { systemClock, systemRandom } from '../core/systemPorts.ts';
import { version } from '../core/version.ts';
import type { Environment } from '../engine/beginRun.ts';
import { nodeFileSystem } from '../storage/fileSystem.ts';
import { identifyMachine } from '../storage/machine.ts';

/** What a run gets from the terminal: secrets from the environment, no waiting for a lock. */
export async function commandLineEnvironment(): Promise<Environment> {
  return {
    ports: {
      fileSystem: nodeFileSystem,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      machine: await identifyMachine(),
    },
    opener: { via: 'cli', waitMs: 0, program: `cf-collector/${version}` },
    secrets: { get: (name) => Promise.resolve(process.env[name]) },
    network: {},
  };
}

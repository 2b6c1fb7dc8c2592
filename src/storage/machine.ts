import { hostname, uptime } from 'node:os';
import { readFile, statfs } from 'node:fs/promises';
import { fingerprint } from '../core/keys.ts';

/** Which machine this is, and since which start of it. */
export interface Machine {
  readonly machineId: string;
  readonly host: string;
  /** Changes when the machine is started again. */
  readonly bootId: string;
}

/** Asks the system who it is. Linux says it exactly; elsewhere host name and start time stand for it. */
export async function identifyMachine(): Promise<Machine> {
  const host = hostname();
  const [machineId, bootId] = await Promise.all([
    firstLine('/etc/machine-id'),
    firstLine('/proc/sys/kernel/random/boot_id'),
  ]);
  // Uptime drifts against the wall clock by a little; minutes are steady enough.
  const startedAtMinutes = Math.round((Date.now() / 1000 - uptime()) / 60);
  return {
    machineId: machineId ?? fingerprint(host),
    host,
    bootId: bootId ?? `started-${startedAtMinutes}`,
  };
}

async function firstLine(path: string): Promise<string | undefined> {
  try {
    const line = (await readFile(path, 'utf8')).split('\n')[0]?.trim();
    return line === '' ? undefined : line;
  } catch {
    return undefined;
  }
}

/** Magic numbers of `statfs(2)` for file systems whose locks and syncs depend on another machine. */
const networkFileSystems = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
]);

/** The name of the network file system that a path is on; undefined on a local one, or where that can't be told. */
export async function networkFileSystemAt(path: string): Promise<string | undefined> {
  try {
    return networkFileSystems.get((await statfs(path)).type >>> 0);
  } catch {
    return undefined;
  }
}

/** Bytes that may still be written where a path is; undefined where that can't be told. */
export async function freeBytesAt(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** Whether a process of this machine is alive. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

import { readdir, readFile } from 'node:fs/promises';

/** Memory of a program and of all that it started, MB. */
export interface TreeMemory {
  readonly own: number;
  /** What is shared between several of them counts once. */
  readonly children: number;
}

/** Reads it from /proc: Linux only. */
export async function memoryOfTree(pid: number): Promise<TreeMemory> {
  const children = await descendantsOf(pid);
  const [own = 0, ...rest] = await Promise.all([pid, ...children].map(pssMbOf));
  return { own, children: rest.reduce((sum, mb) => sum + mb, 0) };
}

async function descendantsOf(pid: number): Promise<readonly number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = new Map<number, number>();
  for (const name of names) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // The second field is the program's name in brackets, with whatever is in it.
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const found = new Set([pid]);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  found.delete(pid);
  return [...found];
}

/** The process's share of what it uses; 0 when it has just ended. */
async function pssMbOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1_024;
}

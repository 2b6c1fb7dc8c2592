import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino } from 'pino';
import { silentLogger, type LogFields, type Logger } from '../core/ports.ts';
import { readFully, withFile, type FileSystem } from './fileSystem.ts';
import { readLines } from './journalReader.ts';
import type { SessionLayout } from './layout.ts';

/** The log of one session: `logs/collector.ndjson`, one event a line. Buffered, and losing its tail loses no record. */
export interface SessionLog {
  readonly logger: Logger;
  close(): Promise<void>;
}

/**
 * Opens a session's log for appending; where that fails, there is none. No transport threads: they break in bundles and
 * outlive their host.
 */
export function openSessionLog(layout: SessionLayout): SessionLog {
  const descriptor = openForAppending(layout.log);
  if (descriptor === undefined) return { logger: silentLogger, close: () => Promise.resolve() };
  const destination = pino.destination({ dest: descriptor, sync: false, minLength: 4096 });
  // A full disk must not end the process through a log line.
  destination.on('error', () => undefined);
  const log = pino(
    { level: 'debug', base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  const flushTimer = setInterval(() => {
    destination.flush();
  }, 1000);
  flushTimer.unref();
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') => (fields: LogFields, message: string) => {
      log[level](fields, message);
    };
  return {
    logger: {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    },
    close: async () => {
      clearInterval(flushTimer);
      await new Promise<void>((resolve) => {
        destination.once('close', resolve);
        destination.once('error', () => {
          resolve();
        });
        destination.end();
      });
    },
  };
}

/** Pino would open it, too; but when that fails it neither closes nor lets the process end without an error. */
function openForAppending(path: string): number | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  } catch {
    return undefined;
  }
}

/** A line of a session's log as it was read. */
export interface LogLine {
  readonly line: number;
  /** ISO time. */
  readonly at: string;
  readonly isError: boolean;
  /** The stable code of what is logged; empty where it has none. */
  readonly code: string;
  readonly message: string;
}

const logTailBytes = 64 * 1024;
const pinoErrorLevel = 50;

/**
 * The last lines of a session's log, oldest first; none where there is no log. Lines that are torn or of another form
 * are left out.
 */
export async function readLogTail(
  fileSystem: FileSystem,
  layout: SessionLayout,
): Promise<LogLine[]> {
  const size = (await fileSystem.status(layout.log))?.size ?? 0;
  if (size === 0) return [];
  const start = Math.max(0, size - logTailBytes);
  const before = await countLines(fileSystem, layout.log, start);
  const bytes = await withFile(fileSystem, layout.log, 'read', (file) =>
    readFully(file, start, size - start),
  );
  return bytes
    .toString()
    .split('\n')
    .flatMap((text, i) => parseLogLine(text, before + i + 1));
}

async function countLines(fileSystem: FileSystem, path: string, end: number): Promise<number> {
  let lines = 0;
  for await (const { offset, bytes } of readLines(fileSystem, path, 0)) {
    if (offset + bytes.length >= end) break;
    lines += 1;
  }
  return lines;
}

function parseLogLine(text: string, line: number): LogLine[] {
  try {
    const { level, time, code, msg } = JSON.parse(text) as Record<string, unknown>;
    if (typeof level !== 'number' || typeof time !== 'string' || typeof msg !== 'string') return [];
    return [
      {
        line,
        at: time,
        isError: level >= pinoErrorLevel,
        code: typeof code === 'string' ? code : '',
        message: msg,
      },
    ];
  } catch {
    return [];
  }
}

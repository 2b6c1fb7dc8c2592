import { pino } from 'pino';
import type { LogFields, Logger } from '../core/ports.ts';
import type { SessionLayout } from './layout.ts';

/** The log of one session: `logs/collector.ndjson`, one event a line. Buffered, and losing its tail loses no record. */
export interface SessionLog {
  readonly logger: Logger;
  close(): Promise<void>;
}

/** Opens a session's log for appending. No transport threads: they break in bundles and outlive their host. */
export function openSessionLog(layout: SessionLayout): SessionLog {
  const destination = pino.destination({
    dest: layout.log,
    sync: false,
    mkdir: true,
    minLength: 4096,
  });
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

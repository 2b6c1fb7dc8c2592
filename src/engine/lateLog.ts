import type { LogFields, Logger } from '../core/ports.ts';
import type { SessionLog } from '../storage/sessionLog.ts';

/** A log that begins with its host's and goes on in the session's file as soon as that is known. */
export class LateLog implements Logger {
  readonly #host: Logger;
  #session: SessionLog | undefined;

  constructor(host: Logger) {
    this.#host = host;
  }

  attach(log: SessionLog): void {
    this.#session = log;
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
  }

  debug(fields: LogFields, message: string): void {
    this.#session?.logger.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#session?.logger.info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#session?.logger.warn(fields, message);
    this.#host.warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#session?.logger.error(fields, message);
    this.#host.error(fields, message);
  }
}

import type { LogFields, Logger } from '../core/ports.ts';
import { Redactor } from '../core/redactor.ts';
import type { JsonValue } from '../core/json.ts';
import type { SessionLog } from '../storage/sessionLog.ts';

/**
 * A log that begins with its host's and goes on in the session's file as soon as that is known. No secret that the
 * session has used gets into either.
 */
export class LateLog implements Logger {
  readonly #host: Logger;
  #session: SessionLog | undefined;
  #redactor = new Redactor();

  constructor(host: Logger) {
    this.#host = host;
  }

  attach(log: SessionLog, redactor: Redactor): void {
    this.#session = log;
    this.#redactor = redactor;
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#session = undefined;
  }

  debug(fields: LogFields, message: string): void {
    this.#log('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#log('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#log('error', fields, message);
  }

  #log(level: keyof Logger, fields: LogFields, message: string): void {
    const isUrgent = level === 'warn' || level === 'error';
    if (this.#session === undefined && !isUrgent) return;
    const words = this.#redactor.text(message);
    const shown = this.#shown(fields);
    this.#session?.logger[level](shown, words);
    if (isUrgent) this.#host[level](shown, words);
  }

  #shown(fields: LogFields): LogFields {
    if (this.#redactor.isEmpty) return fields;
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, this.#shownValue(value)]),
    );
  }

  #shownValue(value: unknown): unknown {
    if (typeof value === 'string') return this.#redactor.text(value);
    if (value instanceof Error) {
      const { name, message, stack = '' } = value;
      return { name, message: this.#redactor.text(message), stack: this.#redactor.text(stack) };
    }
    if (typeof value !== 'object' || value === null) return value;
    return this.#redactor.json(value as JsonValue);
  }
}

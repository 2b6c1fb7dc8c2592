/** Time as the engine sees it. Tests inject their own. */
export interface Clock {
  /** Wall clock, milliseconds since 1970: for what is written down. */
  now(): number;
  /** Monotonic, milliseconds: for durations. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness. Tests inject a seeded one. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string;
}

/** What a log line carries beside its words. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A structured log: one event a line, fields first. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** A log that goes nowhere. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Where `${secret:NAME}` comes from: SecretStorage in the editor, the environment in the terminal. */
export interface Secrets {
  /** The secret's value, or undefined when nobody has set it. */
  get(name: string): Promise<string | undefined>;
}

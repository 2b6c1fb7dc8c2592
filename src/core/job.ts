/** How far a piece of work is. */
export interface JobProgress {
  readonly done: number;
  /** null while it is not known. */
  readonly total: number | null;
  readonly unit: 'bytes' | 'records';
  /** What is being worked on: a file's name. */
  readonly what: string;
}

/** What a piece of work that takes a while is given: how to be ended, and where to tell how far it is. */
export interface JobContext {
  readonly signal: AbortSignal;
  /** May be called as often as one likes. */
  onProgress(progress: JobProgress): void;
}

import type { EarlierData, ImportReport } from '../../core/importReport.ts';
import type { MadeSession } from './makeSession.ts';

/** Collects what an import has to tell while it goes on. */
export class ImportNotes {
  readonly #kind: EarlierData;
  readonly #from: string;
  readonly #sessions: ImportReport['sessions'][number][] = [];
  readonly #files: string[] = [];
  readonly #carriedOver: string[] = [];
  readonly #notCarriedOver: ImportReport['notCarriedOver'][number][] = [];
  readonly #warnings: string[] = [];

  constructor(kind: EarlierData, from: string) {
    this.#kind = kind;
    this.#from = from;
  }

  /** A file was made. */
  file(path: string): void {
    if (!this.#files.includes(path)) this.#files.push(path);
  }

  carriedOver(what: string): void {
    this.#carriedOver.push(what);
  }

  notCarriedOver(what: string, why: string): void {
    this.#notCarriedOver.push({ what, why });
  }

  warn(what: string): void {
    this.#warnings.push(what);
  }

  session({ session, name, records, unitsDone, unitsToDo, ...made }: MadeSession): void {
    this.#sessions.push({ session, name, records, unitsDone, unitsToDo });
    this.file(made.master);
    this.carriedOver(`${count(records, 'record')} of "${name}" are in ${session}`);
    if (made.duplicates > 0) {
      this.warn(`Duplicates left out: ${made.duplicates}. Each record is kept once.`);
    }
    if (made.rejectedFile !== undefined) {
      this.file(made.rejectedFile);
      const what = count(made.rejected, 'record');
      this.notCarriedOver(
        what,
        `no key, or not as record.schema wants it: see ${made.rejectedFile}`,
      );
    }
  }

  report(): ImportReport {
    return {
      kind: this.#kind,
      from: this.#from,
      sessions: this.#sessions,
      files: this.#files,
      carriedOver: this.#carriedOver,
      notCarriedOver: this.#notCarriedOver,
      warnings: this.#warnings,
    };
  }
}

/** "1 page", "2 pages". */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

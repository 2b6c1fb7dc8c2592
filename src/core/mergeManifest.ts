/** Which of several records with one key is kept. `richest`: the one with the most fields that hold something. */
export type OnConflict = 'first' | 'last' | 'richest';

/** One input of a merge, as it was read. */
export interface MergedInput {
  /** As the person named it, relative to the workspace folder where it is inside. */
  readonly file: string;
  readonly bytes: number;
  /** Of the file's bytes, hex; null when it could not be read to its end. */
  readonly sha256: string | null;
  /** Lines (rows of a CSV file) that hold something: the sum of `kept`, `duplicates` and `rejected`. */
  readonly lines: number;
  /** Records of it that are in the output. */
  readonly kept: number;
  /** Records whose key another record has that was kept. */
  readonly duplicates: number;
  /** Of those, the ones whose content differs from the kept one's. */
  readonly conflicts: number;
  /** Lines that are no record: in the rejected file with their place. */
  readonly rejected: number;
  /** Why it could not be read to its end; null when it was. */
  readonly error: string | null;
}

/** What a merge made of what: `OUT.manifest.json`. */
export interface MergeManifest {
  readonly format: 1;
  readonly session: string;
  readonly createdAt: string;
  /** Relative to the workspace folder where it is inside. */
  readonly output: string;
  readonly outputBytes: number;
  readonly outputSha256: string;
  readonly records: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly rejected: number;
  /** null when no line was set aside. */
  readonly rejectedFile: string | null;
  /** Key fields; null when records were told apart by their whole content. */
  readonly key: readonly string[] | null;
  readonly onConflict: OnConflict;
  readonly sort: string | null;
  readonly inputs: readonly MergedInput[];
}

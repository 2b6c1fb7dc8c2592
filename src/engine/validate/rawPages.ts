import type { AnsweredEvent } from '../../core/events.ts';
import { canonicalJson, type JsonValue } from '../../core/json.ts';
import { fingerprint } from '../../core/keys.ts';
import { rawLineOf, type RawEndLine } from '../../core/rawLine.ts';
import { newline } from '../../storage/journalReader.ts';
import type { Findings } from './findings.ts';

/** The page that is being read: its items so far. */
interface OpenPage {
  readonly unit: number;
  readonly firstLine: number;
  items: number;
}

/**
 * The pages of a session's raw files: each has its mark at the end and as many items as that says; and each page that
 * the journal calls answered is there. Fed in the journal's order.
 */
export class RawPageCheck {
  readonly #findings: Findings;
  /** Pages of paid calls that are there whole, by what the journal calls them. */
  readonly #paidPages = new Set<string>();
  /** Ranges were not what was committed: that is told elsewhere, and what was in them is not missed here. */
  #isPartial = false;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** A range that is what was committed: whole pages. @param firstLine of the file, from 1. */
  take(file: string, bytes: Buffer, firstLine: number): void {
    let open: OpenPage | undefined;
    let line = firstLine;
    for (let from = 0; from < bytes.length; line++) {
      const newlineAt = bytes.indexOf(newline, from);
      const to = newlineAt < 0 ? bytes.length : newlineAt;
      const read = rawLineOf(bytes.subarray(from, to));
      from = to + 1;
      if (read === undefined) {
        this.#findings.add('raw', 'error', 'RAW_LINE_ODD', { file, line }, () => {
          return 'The line is neither an item as received nor the end of a page. It is left out when items are mapped again.';
        });
        continue;
      }
      if (open !== undefined && open.unit !== read.unit) {
        this.#addUnfinished(file, open);
        open = undefined;
      }
      if (!read.isEnd) {
        open ??= { unit: read.unit, firstLine: line, items: 0 };
        open.items += 1;
        continue;
      }
      this.#endPage(file, line, read, open?.items ?? 0);
      open = undefined;
    }
    if (open !== undefined) this.#addUnfinished(file, open);
  }

  /** A range that is not what was committed. */
  miss(): void {
    this.#isPartial = true;
  }

  /** A page that the journal calls answered; its range, if it is whole, was taken before. */
  answered({ unit, intent, cursor }: AnsweredEvent, journal: string, line: number): void {
    this.#findings.checked('raw');
    if (this.#isPartial || this.#paidPages.has(pageKey(unit, intent, cursor))) return;
    this.#findings.add('raw', 'error', 'ANSWER_MISSING', { file: journal, line }, () => {
      return `The journal says that an answer which was paid for is in the raw file (unit ${unit}, call ${intent}), and it is not. Look for a copy of the raw file before you resume.`;
    });
  }

  #endPage(file: string, line: number, mark: RawEndLine, items: number): void {
    this.#findings.checked('raw');
    if (items !== mark.items) {
      this.#findings.add('raw', 'error', 'RAW_PAGE_COUNT', { file, line }, () => {
        return `The page that ends here has ${items} items, and its mark says ${mark.items}.`;
      });
      return;
    }
    const { unit, intent, cursor } = mark;
    if (intent !== null) this.#paidPages.add(pageKey(unit, intent, cursor));
  }

  #addUnfinished(file: string, { firstLine, unit, items }: OpenPage): void {
    this.#findings.add('raw', 'error', 'RAW_PAGE_UNFINISHED', { file, line: firstLine }, () => {
      return `The page of unit ${unit} that begins here has ${items} items and no mark at its end: it is not used when items are mapped again.`;
    });
  }
}

function pageKey(unit: number, intent: string, cursor: JsonValue): string {
  return fingerprint(`${unit} ${intent} ${canonicalJson(cursor)}`);
}

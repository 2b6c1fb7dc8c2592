import { stat } from 'node:fs/promises';
import type { FilesSourceConfig } from '../../core/config/filesSource.ts';
import { PauseError, UnitFailedError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { toFileName } from '../../core/names.ts';
import type { NewUnit, Unit } from '../../core/unit.ts';
import type { SourceContext } from '../source.ts';
import { inputForm } from './inputForm.ts';
import {
  digestOf,
  fromUnitInput,
  hasPattern,
  matchInputs,
  namedInputs,
  toUnitInput,
  type Input,
} from './inputList.ts';

const lane = 'files';
/** Group of the unit that finds the files. */
const searchName = 'inputs';
/** Key and group of the unit that hands the sorted records over. */
const sortedName = 'sorted';

/** The work of a unit. */
export type InputWork =
  | { readonly kind: 'search' }
  /** `index` is its place among all inputs, where that plays a part. */
  | { readonly kind: 'input'; readonly input: Input; readonly index: number | undefined }
  | { readonly kind: 'sorted' };

/**
 * Which unit reads which file. What patterns stand for is found out once, by a unit of its own: its answer is in the
 * journal, so that what matched at the start is what is read, over all resumes.
 */
export class InputUnits {
  readonly hasPatterns: boolean;
  readonly #config: FilesSourceConfig;
  readonly #context: SourceContext;
  /** Nothing goes on without all files. */
  readonly #needsAll: boolean;
  #inputs: readonly Input[];
  /** Tells the files that patterns match from others, where all are needed. */
  #list: string | undefined;

  constructor(config: FilesSourceConfig, context: SourceContext, needsAll: boolean) {
    const { inputs } = config;
    const first = inputs.findIndex(hasPattern);
    this.hasPatterns = first >= 0;
    this.#config = config;
    this.#context = context;
    this.#needsAll = needsAll;
    this.#inputs = namedInputs(first < 0 ? inputs : inputs.slice(0, first), context.root);
  }

  /** The files by their places: those in front of the first pattern, or all, where all are needed and known. */
  get inputs(): readonly Input[] {
    return this.#inputs;
  }

  /** The units to begin with. */
  *planned(): Generator<NewUnit, void, void> {
    const named = this.#inputs.map((_, index) => ({ index }));
    // Where all files are needed, nobody begins with one before all are known.
    if (!this.hasPatterns || !this.#needsAll) yield* this.#unitsOf(named, !this.hasPatterns);
    if (!this.hasPatterns) return;
    const patterns = this.#config.inputs.filter(hasPattern).join(', ');
    yield { key: `files of ${patterns}`, lane, group: searchName, input: { kind: searchName } };
  }

  /**
   * The units of the files that patterns match now, and of those that the collection names behind a pattern.
   *
   * @throws PauseError `INPUT_UNREADABLE` when a pattern matches nothing.
   */
  async search(): Promise<NewUnit[]> {
    if (this.#needsAll) {
      const list = await this.#matchAll();
      return [
        ...this.#unitsOf(
          this.#inputs.map((_, index) => ({ index, list })),
          true,
        ),
      ];
    }
    const named = this.#inputs.map((_, index) => ({ index }));
    const behind = this.#config.inputs.slice(named.length);
    const matched = (await matchInputs(behind, this.#context)).map(toUnitInput);
    // Groups are told apart from those of the files that were named before.
    return [...this.#unitsOf([...named, ...matched], true)].slice(named.length);
  }

  /**
   * What a unit is to do.
   *
   * @throws PauseError `INPUT_CHANGED` where all files are needed, and are not those of the unit any more.
   */
  async workOf({
    input,
    cursor,
  }: Pick<Unit, 'input'> & { readonly cursor: unknown }): Promise<InputWork> {
    if (input['kind'] === searchName) return { kind: 'search' };
    if (this.hasPatterns && this.#needsAll) {
      const list = this.#list ?? (await this.#matchAll());
      if (input['list'] !== list) throw otherFiles(this.#config.inputs.filter(hasPattern));
    }
    const matched = fromUnitInput(input, this.#context.root);
    if (matched !== undefined) {
      if (cursor === undefined && matched.found !== undefined) {
        await this.#tellChange(matched.name, matched.path, matched.found);
      }
      return { kind: 'input', input: matched, index: undefined };
    }
    const index = Number(input['index']);
    return index < this.#inputs.length
      ? { kind: 'input', input: this.at(index), index: this.#needsAll ? index : undefined }
      : { kind: 'sorted' };
  }

  /** The file at a place. */
  at(index: number): Input {
    const input = this.#inputs[index];
    if (input === undefined)
      throw new UnitFailedError('NO_SUCH_INPUT', `There is no input ${index}.`);
    return input;
  }

  /** The units of files, and behind the last one that of the sorted records, where they are sorted. */
  *#unitsOf(inputs: readonly JsonObject[], isWhole: boolean): Generator<NewUnit, void, void> {
    const { sort } = this.#config;
    const groups = new Set<string>([searchName, ...(sort === undefined ? [] : [sortedName])]);
    for (const input of inputs) {
      const { file, index } = input;
      const name = typeof file === 'string' ? file : this.at(Number(index)).name;
      const group = distinct(toFileName(inputForm(name).stem), groups);
      yield { key: name, lane, group, input };
    }
    if (sort === undefined || !isWhole) return;
    const list = this.#list === undefined ? {} : { list: this.#list };
    const input = { index: this.#inputs.length, ...list };
    yield { key: `${sortedName} by ${sort}`, lane, group: sortedName, input };
  }

  async #matchAll(): Promise<string> {
    const matched = await matchInputs(this.#config.inputs, this.#context);
    this.#inputs = matched;
    this.#list = digestOf(matched);
    return this.#list;
  }

  /** What is read is what is there; that it is not what was there when it was found is for a person to know. */
  async #tellChange(
    name: string,
    path: string,
    found: { readonly bytes: number; readonly modifiedMs: number },
  ): Promise<void> {
    const now = await stat(path).catch(() => undefined);
    if (now === undefined) return;
    if (now.size === found.bytes && now.mtimeMs === found.modifiedMs) return;
    const message = `${name} has changed since it was found. What it holds now is read.`;
    this.#context.logger.warn({ code: 'INPUT_CHANGED', file: name }, message);
  }
}

function otherFiles(patterns: readonly string[]): PauseError {
  const message = `The files of ${patterns.join(', ')} are not those that were found when the session began: some have come, gone or changed. Put that right and resume, or begin a new session.`;
  return new PauseError('INPUT_CHANGED', message, { patterns: [...patterns] });
}

function distinct(base: string, taken: Set<string>): string {
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
  taken.add(name);
  return name;
}

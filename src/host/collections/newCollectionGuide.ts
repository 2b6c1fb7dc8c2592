import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { messageOf } from '../../core/errors.ts';
import { isSafeFileName } from '../../core/names.ts';
import {
  addressOf,
  answerProblem,
  nameOfAddress,
  templateFields,
  templateKey,
  type NewCollectionChoices,
} from '../../core/newCollection.ts';
import type { AddressLook } from '../../core/picker.ts';
import {
  collectionFileName,
  moduleFileName,
  templates,
  type Template,
} from '../../core/templates.ts';
import { runJob } from '../engine/jobs.ts';
import { mediaText } from '../mediaFiles.ts';
import type { Services } from '../services.ts';
import { exists } from '../workspace.ts';
import { readHttpSettings } from '../settings.ts';
import { errorWords } from '../text/errorWords.ts';
import { LimitSteps } from './limitSteps.ts';
import {
  chooseMany,
  chooseOne,
  typeLine,
  type Step,
  type StepEnd,
  type StepPlace,
} from './steps.ts';
import { templateItems } from './templateItems.ts';

const done: StepEnd<null> = { kind: 'answer', value: null };

/** What a person has chosen so far for a new collection, and the steps that ask for the rest. */
export class NewCollectionGuide {
  readonly #services: Services;
  readonly #folder: vscode.Uri;
  #template: Template | undefined;
  #text = '';
  #answer = '';
  #look: AddressLook | undefined;
  /** The address that was looked at, or for which that was declined. */
  #lookedAt: string | undefined;
  #fields: readonly string[] | undefined;
  #key: readonly string[] | undefined;
  readonly #limits: LimitSteps;
  #name: string | undefined;

  constructor(services: Services, folder: vscode.Uri) {
    this.#services = services;
    this.#folder = folder;
    this.#limits = new LimitSteps(services.formats, () => this.#text);
  }

  /** The steps, as far as what was chosen asks for them. */
  steps(): readonly Step[] {
    const template = this.#template;
    const first: Step = (place) => this.#chooseTemplate(place);
    if (template === undefined) return [first];
    const names = this.#fieldNames();
    return [
      first,
      ...(template.asks === undefined ? [] : [this.#askAnswer]),
      ...(this.#address() !== undefined && vscode.workspace.isTrusted ? [this.#askLook] : []),
      ...(names.length > 1 ? [this.#chooseFields] : []),
      ...(names.length > 0 ? [this.#chooseKey] : []),
      ...(template.isPaid === true ? [this.#limits.askBudget] : []),
      this.#limits.chooseLimits,
      this.#askName,
    ];
  }

  /** What was chosen, once every step is done. */
  result(): {
    readonly template: Template;
    readonly templateText: string;
    readonly choices: NewCollectionChoices;
  } {
    const template = this.#template;
    const name = this.#name;
    if (template === undefined || name === undefined) throw new Error('Not every step is done.');
    return {
      template,
      templateText: this.#text,
      choices: {
        name,
        answer: this.#answer,
        ...(this.#look && { look: this.#look }),
        ...(this.#fields && { fields: this.#fields }),
        ...(this.#key && { key: this.#key }),
        limits: this.#limits.chosen,
      },
    };
  }

  async #chooseTemplate(place: StepPlace): Promise<StepEnd<unknown>> {
    const items = templateItems(templates);
    const active = items.find(({ template }) => template === this.#template);
    const end = await chooseOne(place, items, {
      placeholder: t('What do you want to collect from?'),
      matchesAll: true,
      ...(active && { active }),
    });
    if (end.kind !== 'answer') return end;
    const { template } = end.value;
    if (template === undefined || template === this.#template) return end;
    this.#template = template;
    this.#text = await mediaText(
      this.#services.context,
      'templates',
      collectionFileName(template.name),
    );
    this.#answer = '';
    this.#forgetLook();
    this.#limits.forget();
    this.#name = undefined;
    return end;
  }

  readonly #askAnswer: Step = async (place) => {
    const template = this.#template;
    if (template?.asks === undefined) return done;
    const end = await typeLine(place, {
      prompt: t('{0}. Leave it empty to keep what the template has.', t(template.asks.prompt)),
      value: this.#answer,
      placeholder: template.asks.example,
      check: (value) => problemWords(answerProblem(template, value)),
    });
    if (end.kind === 'answer' && end.value.trim() !== this.#answer) {
      this.#answer = end.value.trim();
      this.#forgetLook();
    }
    return end;
  };

  readonly #askLook: Step = async (place) => {
    const address = this.#address();
    const template = this.#template;
    if (address === undefined || template === undefined) return done;
    const isApi = template.asks?.kind === 'api';
    const now = {
      label: t('Look at It Now'),
      detail: isApi
        ? t(
            'One request. The list, its fields and the way to the next page are proposed from the answer.',
          )
        : t(
            'One request, if robots.txt allows it. Items, fields and a key are proposed from the page.',
          ),
      iconPath: new vscode.ThemeIcon('eye'),
      isNow: true,
    };
    const later = {
      label: t('Later'),
      detail: isApi
        ? t('The file says what to fill in.')
        : t(
            'One record per page with its title and address. Pick Fields adds more from the page itself.',
          ),
      iconPath: new vscode.ThemeIcon('circle-slash'),
      isNow: false,
    };
    const isDeclined = this.#lookedAt === address && this.#look === undefined;
    const end = await chooseOne(place, [now, later], {
      placeholder: t('Should the fields be proposed from {0}?', address),
      active: isDeclined ? later : now,
    });
    if (end.kind !== 'answer') return end;
    if (!end.value.isNow) {
      this.#forgetLook();
      this.#lookedAt = address;
    } else if (this.#lookedAt !== address || this.#look === undefined) {
      this.#forgetLook();
      this.#look = await this.#lookAt(address, template);
      this.#lookedAt = address;
    }
    return end;
  };

  readonly #chooseFields: Step = async (place) => {
    const items = this.#fieldNames().map((name) => {
      const guessed = this.#look?.fields.find((field) => field.name === name);
      return { label: name, description: guessed?.sample ?? '', name };
    });
    const chosen = this.#fields ?? items.map(({ name }) => name);
    const end = await chooseMany(place, items, {
      placeholder:
        this.#look === undefined
          ? t('Which fields should a record have?')
          : t(
              '{0} found. Which fields should a record have?',
              this.#services.formats.count(this.#look.count),
            ),
      picked: items.filter(({ name }) => chosen.includes(name)),
    });
    // A record needs a field: with none chosen, all stay.
    if (end.kind === 'answer') {
      this.#fields = end.value.length === 0 ? undefined : end.value.map(({ name }) => name);
    }
    return end;
  };

  readonly #chooseKey: Step = async (place) => {
    const names = this.#fieldNames().filter((name) => this.#fields?.includes(name) ?? true);
    const items = names.map((name) => ({ label: name, name }));
    const proposed = this.#key ?? this.#look?.key ?? this.#templateKey();
    const end = await chooseMany(place, items, {
      placeholder: t(
        'Which fields tell that two records are the same? With none, the whole record does.',
      ),
      picked: items.filter(({ name }) => proposed.includes(name)),
    });
    if (end.kind === 'answer') this.#key = end.value.map(({ name }) => name);
    return end;
  };

  readonly #askName: Step = async (place) => {
    const end = await typeLine(place, {
      prompt: t('Name of the collection: its file and its records are called after it'),
      value: this.#name ?? (await this.#proposedName()),
      check: (value) => this.#nameProblem(value),
    });
    if (end.kind === 'answer') this.#name = end.value;
    return end;
  };

  #forgetLook(): void {
    this.#look = undefined;
    this.#lookedAt = undefined;
    this.#fields = undefined;
    this.#key = undefined;
  }

  /** The address that can be looked at; undefined where none was given, or it is none of a page or an API. */
  #address(): string | undefined {
    const kind = this.#template?.asks?.kind;
    if (kind !== 'page' && kind !== 'api') return undefined;
    return this.#answer === '' ? undefined : addressOf(this.#answer);
  }

  #fieldNames(): readonly string[] {
    if (this.#look !== undefined && this.#look.fields.length > 0) {
      return this.#look.fields.map(({ name }) => name);
    }
    if (this.#template?.asks?.kind === 'page' && this.#address() !== undefined) {
      // What it has of a page that nobody has looked at.
      return ['title', 'url'];
    }
    return templateFields(this.#text);
  }

  #templateKey(): readonly string[] {
    return this.#template?.asks?.kind === 'page' && this.#address() !== undefined
      ? ['url']
      : templateKey(this.#text);
  }

  /** Looks at the address; what is in its way is said, and the steps go on without. */
  async #lookAt(address: string, template: Template): Promise<AddressLook | undefined> {
    const { engine, formats, reporter } = this.#services;
    try {
      return await runJob(this.#services, t('Looking at {0}', address), (job) =>
        engine.request(
          'lookAt',
          {
            job,
            workspace: this.#folder.fsPath,
            as:
              template.asks?.kind === 'api'
                ? 'rest'
                : template.kind === 'browser'
                  ? 'browser'
                  : 'html',
            url: address,
            http: readHttpSettings(this.#folder),
          },
          0,
        ),
      );
    } catch (error) {
      const { message } = errorWords(error, formats);
      void reporter.show(
        new Error(t('{0} could not be looked at: {1}', address, message || messageOf(error))),
      );
      return undefined;
    }
  }

  async #proposedName(): Promise<string> {
    const address = this.#address() ?? '';
    const wanted = nameOfAddress(address) ?? this.#template?.name ?? 'collection';
    for (let n = 1; ; n++) {
      const name = n === 1 ? wanted : `${wanted}-${n}`;
      if ((await this.#nameProblem(name)) === undefined) return name;
      if (n > 99) return wanted;
    }
  }

  async #nameProblem(name: string): Promise<string | undefined> {
    if (!isSafeFileName(name)) return t('Use letters, digits, “.”, “_” and “-”.');
    const wanted = [collectionFileName(name)];
    if (this.#template?.module !== undefined) wanted.push(moduleFileName(name));
    for (const file of wanted) {
      if (await exists(vscode.Uri.joinPath(this.#folder, file)))
        return t('{0} exists already.', file);
    }
    return undefined;
  }
}

function problemWords(problem: ReturnType<typeof answerProblem>): string | undefined {
  switch (problem) {
    case 'address':
      return t('This is no http or https address. One looks like https://example.com/books');
    case 'repositories':
      return t('Write repositories as owner/name, all of one owner.');
    case undefined:
      return undefined;
  }
}

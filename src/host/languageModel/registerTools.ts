import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { languageModelTools, type LanguageModelToolName } from '../../contributions.ts';
import { codeOf, messageOf } from '../../core/errors.ts';
import type { Services } from '../services.ts';
import { showWarningMessage } from '../window.ts';
import type { Question, Tool, ToolInput } from './tool.ts';

/** Registers what language models may do here. Each tool is loaded when it is asked for the first time. */
export function registerTools(services: Services): vscode.Disposable {
  // Editors that are made of VS Code without its chat have no such API.
  const lm = vscode.lm as Partial<typeof vscode.lm> | undefined;
  const registered = languageModelTools.flatMap((name) => {
    const tool = lm?.registerTool?.(name, new EditorTool(() => loadTool(name, services)));
    return tool ? [tool] : [];
  });
  return vscode.Disposable.from(...registered);
}

async function loadTool(name: LanguageModelToolName, services: Services): Promise<Tool> {
  switch (name) {
    case 'cf-collector_list_sessions':
      return (await import('./readingTools.ts')).listSessions(services);
    case 'cf-collector_session_status':
      return (await import('./readingTools.ts')).sessionStatus(services);
    case 'cf-collector_sample_records':
      return (await import('./readingTools.ts')).sampleRecords(services);
    case 'cf-collector_validate_master':
      return (await import('./readingTools.ts')).validateMaster(services);
    case 'cf-collector_start_collection':
      return (await import('./runningTools.ts')).startCollectionTool(services);
    case 'cf-collector_resume_session':
      return (await import('./runningTools.ts')).resumeSessionTool(services);
  }
}

/** A tool as the editor knows it. */
export class EditorTool implements vscode.LanguageModelTool<ToolInput> {
  readonly #load: () => Promise<Tool>;

  constructor(load: () => Promise<Tool>) {
    this.#load = load;
  }

  async prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<ToolInput>): Promise<vscode.PreparedToolInvocation> {
    const tool = await this.#load();
    const invocationMessage = plainMarkdown([tool.doing(input)]);
    if (!tool.ask) return { invocationMessage };
    const { title, lines } = await this.#ask(tool.ask, input);
    return { invocationMessage, confirmationMessages: { title, message: plainMarkdown(lines) } };
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<ToolInput>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const tool = await this.#load();
    if (tool.ask) await confirmMoney(await tool.ask(input));
    try {
      return result(await tool.run(input, token));
    } catch (error) {
      throw new Error(`${codeOf(error)}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** What can't be asked about (there is no such session) can't be done: the tool says why when it is run. */
  async #ask(ask: NonNullable<Tool['ask']>, input: ToolInput): Promise<Question> {
    try {
      return await ask(input);
    } catch (error) {
      return {
        title: t('This can’t be done'),
        lines: [messageOf(error)],
        isPaid: false,
      };
    }
  }
}

/**
 * The editor's own question can be set to answer itself; money is given out on a person's word alone.
 *
 * @throws where they do not give it.
 */
async function confirmMoney({ title, lines, isPaid }: Question): Promise<void> {
  if (!isPaid) return;
  const go = t('Allow Spending');
  const options = { modal: true, detail: lines.join('\n\n') };
  if ((await showWarningMessage(title, options, go)) !== go) {
    throw new vscode.CancellationError();
  }
}

function plainMarkdown(lines: readonly string[]): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  for (const [i, line] of lines.entries()) {
    if (i > 0) markdown.appendMarkdown('\n\n');
    markdown.appendText(line);
  }
  return markdown;
}

function result(text: string): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
}

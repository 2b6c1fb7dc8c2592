import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Frame } from 'playwright';
import type { Workbench } from './harness.ts';

/** The themes that VS Code brings, by what stands in a screenshot's name, with what a page's body says of them. */
export const themes = {
  light: { name: 'Default Light Modern', kind: 'vscode-light' },
  dark: { name: 'Default Dark Modern', kind: 'vscode-dark' },
  contrast: { name: 'Default High Contrast', kind: 'vscode-high-contrast' },
  'contrast-light': { name: 'Default High Contrast Light', kind: 'vscode-high-contrast-light' },
} as const;
export type Theme = keyof typeof themes;

/** Sets the window's theme, and waits until a page wears it. */
export async function wear(folder: string, page: Frame, theme: Theme): Promise<void> {
  const { name, kind } = themes[theme];
  await mkdir(path.join(folder, '.vscode'), { recursive: true });
  const settings = JSON.stringify({ 'workbench.colorTheme': name });
  await writeFile(path.join(folder, '.vscode', 'settings.json'), settings);
  await page.locator(`body[data-vscode-theme-kind="${kind}"]`).waitFor();
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds that is serious or critical on a page, as it is shown now. */
export async function accessibilityProblems(page: Frame): Promise<string[]> {
  // The debugger's own evaluation: the page's policy forbids scripts of others.
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axe);
  // A page has no background of its own: it lies on the editor's.
  const { violations, passes } = await page.evaluate<AxeResults>(`(() => {
    document.documentElement.style.backgroundColor = 'var(--vscode-editor-background)';
    return axe.run(document, { resultTypes: ['violations'] });
  })()`);
  assert.notEqual(passes.length, 0, 'axe has looked at something');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      const [first] = nodes;
      const why = first?.failureSummary?.split('\n')[1]?.trim() ?? '';
      return `${id} in ${nodes.length} places, such as ${first?.target.join(' ') ?? ''}: ${why}`;
    });
}

interface Stop {
  /** The place of the control that has the focus among the page's controls; -1 for something else. */
  readonly index: number;
  /** What has the focus, for a message. */
  readonly what: string;
}

/** Walks through a page by Tab: what is not reached, and what is not seen to have the focus. */
export async function keyboardProblems(
  { page: window }: Workbench,
  page: Frame,
): Promise<string[]> {
  const expected = await page.evaluate<string[]>(listControls);
  assert.notEqual(expected.length, 0, 'there are controls');
  const reached = new Set<number>();
  const unseen = new Set<string>();
  for (let pressed = 0; pressed < 2 * expected.length + 20; pressed += 1) {
    await window.keyboard.press('Tab');
    const { stop, left } = await page.evaluate<{ stop: Stop | null; left: string | null }>(step);
    if (left !== null) unseen.add(left);
    if (stop === null) break; // Past the last one, back in the window.
    reached.add(stop.index);
  }
  const missed = expected.filter((_, index) => !reached.has(index));
  return [
    ...missed.map((control) => `out of reach by Tab: ${control}`),
    ...[...unseen].map((control) => `focus is not seen: ${control}`),
  ];
}

/**
 * Finds what can be pressed or filled in, and begins before the first of them. Controls within a grid, a list or a tree
 * are one stop of the Tab key together, with arrow keys among them; so are radio buttons.
 */
const listControls = `(() => {
  const controls = 'button, vscode-button, a[href], input, select, textarea, summary';
  const composites = ':is([role="grid"], [role="listbox"], [role="tablist"], [role="tree"])';
  globalThis.ownControls = [...document.querySelectorAll(controls)].filter(
    (element) =>
      element.checkVisibility({ visibilityProperty: true }) &&
      !element.matches('[disabled], [aria-disabled="true"], [type="radio"]:not(:checked)') &&
      !element.closest(composites),
  );
  document.body.tabIndex = -1;
  document.body.focus();
  return ownControls.map((element) => element.textContent.trim() || element.outerHTML.slice(0, 80));
})()`;

/**
 * What has the focus now; and what had it before, when that looks the same without it. A ring may be drawn by a control,
 * by what holds it, or by what it holds.
 */
const step = `(() => {
  const looks = (elements) =>
    elements.map((element) => {
      const { outline, boxShadow, borderColor, backgroundColor } = getComputedStyle(element);
      return [outline, boxShadow, borderColor, backgroundColor].join();
    }).join();
  const before = globalThis.lastStop;
  const left = before && looks(before.elements) === before.look ? before.what : null;
  globalThis.lastStop = undefined;
  const active = document.activeElement;
  if (!active || active === document.body || !document.hasFocus()) return { stop: null, left };
  let inner = active;
  while (inner.shadowRoot?.activeElement) inner = inner.shadowRoot.activeElement;
  const elements = [inner, active, inner.parentElement, active.firstElementChild].filter(Boolean);
  const what = active.outerHTML.slice(0, 100);
  globalThis.lastStop = { elements, what, look: looks(elements) };
  return { stop: { index: ownControls.indexOf(active), what }, left };
})()`;

import { allComponents, provideVSCodeDesignSystem } from '@vscode/webview-ui-toolkit';

// The toolkit is no longer developed: this is the only file that knows it, so that it can be replaced.

/** Defines the `vscode-*` elements. One component or all of them makes no difference to the bundle's size. */
export function defineToolkitElements(): void {
  provideVSCodeDesignSystem().register(allComponents);
}

/** A button of the toolkit, as far as the dashboard uses it. */
export interface ToolkitButton extends HTMLElement {
  disabled: boolean;
  appearance: 'primary' | 'secondary' | 'icon';
}

/** Makes a toolkit button. */
export function createButton(label = ''): ToolkitButton {
  const button = document.createElement('vscode-button') as ToolkitButton;
  if (label !== '') button.append(label);
  return button;
}

/** Makes a button that can't be pressed again until what it asks for has been answered. */
export function createActionButton(label: string, act: () => Promise<void>): ToolkitButton {
  const button = createButton(label);
  button.appearance = 'secondary';
  button.addEventListener('click', () => {
    // What is disabled loses the focus, and whoever uses the keyboard their place.
    const hadFocus = document.activeElement === button;
    button.disabled = true;
    void act().finally(() => {
      button.disabled = false;
      if (hadFocus && document.activeElement === document.body) button.focus();
    });
  });
  return button;
}

/** Makes an empty toolkit grid whose columns have these CSS widths; its rows are made by {@link createGridRow}. */
export function createGrid(label: string, columns: readonly string[]): HTMLElement {
  const grid = document.createElement('vscode-data-grid');
  grid.setAttribute('grid-template-columns', columns.join(' '));
  grid.setAttribute('generate-header', 'none');
  grid.setAttribute('aria-label', label);
  grid.addEventListener('keydown', ({ key, shiftKey }) => {
    // While a cell has the focus, the toolkit takes the grid out of the order of Tab. Chromium then looks for the next
    // control from the beginning of what holds the grid: within `details`, Tab would never leave it.
    if (key === 'Tab' && !shiftKey) grid.tabIndex = 0;
  });
  return grid;
}

/** Makes a grid row with empty cells. */
export function createGridRow(kind: 'default' | 'header', cellCount: number): HTMLElement {
  const row = document.createElement('vscode-data-grid-row');
  row.setAttribute('row-type', kind);
  for (let i = 1; i <= cellCount; i += 1) {
    const cell = document.createElement('vscode-data-grid-cell');
    cell.setAttribute('grid-column', String(i));
    if (kind === 'header') cell.setAttribute('cell-type', 'columnheader');
    row.append(cell);
  }
  return row;
}

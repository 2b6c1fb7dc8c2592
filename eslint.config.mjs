import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Syntax that this project does without, each with what to write instead. */
const refused = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' },
  { selector: 'TSModuleDeclaration[kind="namespace"]', message: 'Use a module.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
  { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that has it.' },
  {
    selector: ':matches(PropertyDefinition, MethodDefinition[kind!="constructor"])[accessibility]',
    message: 'Use a #private member; public needs no word.',
  },
];

/** There, a name or a scraped text could become a link, a command or an icon. */
const refusedInHost = {
  selector:
    'MemberExpression[object.object.name="vscode"][object.property.name="window"][property.name=/^(show(Information|Warning|Error)Message|showQuickPick|showInputBox|withProgress)$/]',
  message: 'Use the one of src/host/window.ts, which shows text as text.',
};

/** A focused test would keep all others from running. */
const refusedInTests = {
  selector: 'MemberExpression[object.name=/^(test|it|describe|suite)$/][property.name="only"]',
  message: 'Other tests would not run.',
};

const testFunctions = [
  'test',
  'it',
  'describe',
  'suite',
  'before',
  'after',
  'beforeEach',
  'afterEach',
];

export default defineConfig(
  globalIgnores(['dist/', 'out/', '.vscode-test/', 'media/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...refused],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: false },
        },
        { selector: 'typeLike', format: ['PascalCase'] },
        {
          // A key of an object literal may be one of a file format, and those are not ours to name.
          selector: [
            'classProperty',
            'classMethod',
            'accessor',
            'typeMethod',
            'typeProperty',
            'variable',
            'function',
          ],
          format: null,
          leadingUnderscore: 'forbid',
          trailingUnderscore: 'forbid',
        },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { requireDefaultForNonUnion: true, considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A type that holds itself can't be written as a Record.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // A method may owe its caller a promise and have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // They describe what other packages export.
    files: ['**/*.d.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // A command line talks to its user through the console; so do scripts and tests.
    files: ['src/cli/**', '.ci/**', 'test/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['src/host/**', 'src/extension.ts'],
    ignores: ['src/host/window.ts'],
    rules: { 'no-restricted-syntax': ['error', ...refused, refusedInHost] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...refused, refusedInTests],
      // node:test waits for its tests by itself.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: testFunctions }],
        },
      ],
      // What a test reads back is checked by the assertion that follows.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  prettier,
);

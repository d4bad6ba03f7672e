import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['.setup/', 'dist/', 'out/', 'node_modules/', 'test/fixtures/'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...ts.configs.stylistic,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      // noUncheckedIndexedAccess makes `a[i]!` the honest form in numeric code.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // The test runner waits for its tests by itself.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'describe', 'suite', 'it'] },
          ],
        },
      ],
      // It does not see that an awaited call changes a field or a variable.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A query names the type of its rows, which nothing else can tell.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      'no-console': ['error', { allow: ['error', 'warn'] }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      'no-undef': 'off', // svelte-check knows the names of the page
      'svelte/prefer-svelte-reactivity': 'off', // big state is raw: a change is a new Map or Set
    },
  },
  {
    // `inBackground` tells of a failure that nobody waits for; `void` would lose it.
    files: ['core/**/*.ts', 'electron/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }] },
  },
  {
    // Plain JavaScript and components: svelte-check and tsc check their types.
    files: ['**/*.js', '**/*.svelte', '**/*.svelte.ts', '**/vite.config.ts'],
    extends: [ts.configs.disableTypeChecked],
  },
  {
    files: ['build/**', 'test/**'],
    rules: {
      'no-console': 'off',
      // Stand-ins keep the signature of what they stand for, and stores are closures without `this`.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off', // `void count++` counts a call
      // Tests read answers of other programs, and spread texts and instances that they know.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  {
    // Plain JavaScript on Node; in TypeScript the compiler knows the globals.
    files: ['**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
      },
    },
  },
);

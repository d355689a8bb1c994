// Type-aware rules where a mistake would be a hole (floating promises, any); the rest is prettier's business.
import prettier from 'eslint-config-prettier';
import importSort from 'eslint-plugin-simple-import-sort';
import tseslint from 'typescript-eslint';

const PROMISE_CLASS_TESTS = [
  'BinaryExpression[operator="instanceof"][right.name=/Promise$/]',
  'BinaryExpression[operator="instanceof"][right.property.name=/Promise$/]',
  'BinaryExpression[operator=/^[!=]==?$/][right.name="Promise"]',
  'BinaryExpression[operator=/^[!=]==?$/][left.name="Promise"]',
  'CallExpression[callee.property.name="isPromise"]',
  'CallExpression[callee.name="isPromise"]',
].map((selector) => ({
  selector,
  message: 'Ask for `then` (isThenable, whenReady): the class of a promise says nothing.',
}));

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      'node_modules/**',
      'coverage/**',
      'reports/**',
      '.stryker-tmp/**',
      'test/package/programs/**',
    ],
  },
  ...tseslint.configs.recommended,
  {
    plugins: { 'import-sort': importSort },
    rules: {
      // Node first, then packages, then this project from far to near; no blank lines between them.
      'import-sort/imports': [
        'error',
        { groups: [['^\\u0000', '^node:', '^@?\\w', '^#', '^\\.\\./', '^\\./']] },
      ],
      'import-sort/exports': 'error',
    },
  },
  {
    // A promise is what has a `then`: of which class it is says nothing, and took a promise for a yes.
    rules: {
      'no-restricted-syntax': ['error', ...PROMISE_CLASS_TESTS],
    },
  },
  {
    files: ['lib/**/*.ts', 'test/**/*.ts', 'sample-app/**/*.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      // An interface that applications augment begins empty; Express' own are augmented in their namespace.
      '@typescript-eslint/no-empty-object-type': ['error', { allowWithName: '^(?:DescopeRegister|User)$' }],
      '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      complexity: ['error', 12],
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 40, skipComments: true, skipBlankLines: true }],
      'max-params': ['error', 3],
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/index.js', '**/index'], message: 'Import the file that owns it.' }] },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  prettier,
);

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
    files: ['lib/**/*.ts', 'test/**/*.ts', 'sample-app/**/*.ts', 'examples/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
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
      // Numbers and booleans read well in a text; what else is put there is a mistake.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // An async function without an await turns what it throws into a rejection, which its caller relies on.
      '@typescript-eslint/require-await': 'off',
      // What comes from outside may lack what its type promises: an older Nest, a program without types.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Names are any text until an application declares its own: `GrantArguments<RoleName>` says nothing before.
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      '@typescript-eslint/no-redundant-type-constituents': 'off', // takes a key of a generic for a wider type
      '@typescript-eslint/no-misused-spread': 'off', // members of sessions and of mistakes are copied on purpose
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off', // shapes are compared, not classes
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
  {
    files: ['lib/routes/auth.controller.ts'], // a class in a function: nine routes of six lines each
    rules: { 'max-lines-per-function': ['error', { max: 80, skipComments: true, skipBlankLines: true }] },
  },
  {
    files: ['test/**/*.ts', 'sample-app/**/*.ts', 'examples/**/*.ts'],
    rules: {
      '@typescript-eslint/no-base-to-string': 'off', // what a text must not show is looked for in that text
      '@typescript-eslint/no-deprecated': 'off', // what others still call must still work
      '@typescript-eslint/no-dynamic-delete': 'off', // a test puts an environment back as it was
      // What clients and JSON give back is looked at by the assertions.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/unbound-method': 'off', // handlers are read for their metadata, never called unbound
      '@typescript-eslint/no-extraneous-class': 'off', // the smallest application is a class with a decorator, or with none
    },
  },
  {
    // For browsers, with the DOM and without Node.
    files: ['lib/routes/browser/flow.ts'],
    languageOptions: {
      parserOptions: { project: './lib/routes/browser/tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
  },
  {
    // The pages of the sample app: plain JavaScript, whose types stand in its comments.
    files: ['sample-app/public/*.js'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './sample-app/public/tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 300 }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  prettier,
);

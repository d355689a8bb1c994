// What `nest add` writes into the source of a root module, and which sources it leaves to their author.
import { describe, expect, it } from '@jest/globals';
import { format } from 'prettier';
import ts from 'typescript';
import type { ModuleResult, WantedOption } from '#lib/schematics/edit-module.js';
import { addToModule } from '#lib/schematics/edit-module.js';

const SESSION: WantedOption = { name: 'session', value: '{ refresh: true }' };
const ROUTES: WantedOption = { name: 'routes', value: '{ loginRedirect: true }' };

function add(text: string, options: readonly WantedOption[] = [], className?: string): ModuleResult {
  return addToModule(ts, text, { className, options });
}

function change(text: string, options?: readonly WantedOption[], className?: string): string {
  const result = add(text, options, className);
  return result.kind === 'changed' ? result.text : JSON.stringify(result);
}

const toModule = (metadata: string) =>
  `import { Module } from '@nestjs/common';\n\n@Module(${metadata})\nexport class AppModule {}\n`;
const toChanged = (metadata: string) =>
  toModule(metadata).replace('\n\n', "\nimport { DescopeModule } from 'nestjs-descope';\n\n");

describe('The import of DescopeModule', () => {
  it('follows those of packages, before those of files', () => {
    const text = [
      "import { Module } from '@nestjs/common';",
      "import { ConfigModule } from '@nestjs/config'; // the environment",
      "import { AppController } from './app.controller';",
      '@Module({ imports: [ConfigModule.forRoot()], controllers: [AppController] })',
      'export class AppModule {}',
    ].join('\n');
    expect(change(text).split('\n').slice(1, 4)).toEqual([
      "import { ConfigModule } from '@nestjs/config'; // the environment",
      "import { DescopeModule } from 'nestjs-descope';",
      "import { AppController } from './app.controller';",
    ]);
  });

  it('has the quotes and the semicolons of the others', () => {
    const text =
      'import { Module } from "@nestjs/common"\n\n@Module({ imports: [] })\nexport class AppModule {}\n';
    expect(change(text)).toContain('\nimport { DescopeModule } from "nestjs-descope"\n');
  });

  it('has the line breaks of the file, as the entry has', () => {
    const text = toModule('{\n  imports: [\n    ConfigModule,\n  ],\n}').replaceAll('\n', '\r\n');
    const changed = change(text, [SESSION, ROUTES]);
    expect(changed).toContain("import { DescopeModule } from 'nestjs-descope';\r\n");
    expect(changed.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('joins an import of the package', () => {
    const text = toModule('{ imports: [], providers: [DescopeService] }').replace(
      '\n\n',
      "\nimport { DescopeService } from 'nestjs-descope';\n\n",
    );
    expect(change(text)).toContain("import { DescopeModule, DescopeService } from 'nestjs-descope';");
  });

  it('stays out of an import of types', () => {
    const text = toModule('{ imports: [] }').replace(
      '\n\n',
      "\nimport type { DescopeUser } from 'nestjs-descope';\n\n",
    );
    expect(change(text)).toContain("\nimport { DescopeModule } from 'nestjs-descope';\n");
  });
});

describe('The entry in imports', () => {
  it.each([
    ['an empty list', '{ imports: [] }', '{ imports: [DescopeModule.forRoot()] }'],
    ['an empty list of two lines', '{\n  imports: [\n  ],\n}', '{\n  imports: [DescopeModule.forRoot()],\n}'],
    ['no list', '{ providers: [A] }', '{ providers: [A], imports: [DescopeModule.forRoot()] }'],
    [
      'no list, on lines',
      '{\n  providers: [A],\n}',
      '{\n  providers: [A],\n  imports: [DescopeModule.forRoot()],\n}',
    ],
    ['empty metadata', '{}', '{ imports: [DescopeModule.forRoot()] }'],
    ['a list on one line', '{ imports: [A, B] }', '{ imports: [A, B, DescopeModule.forRoot()] }'],
    ['a trailing comma on one line', '{ imports: [A,] }', '{ imports: [A, DescopeModule.forRoot()] }'],
    [
      'a list on lines',
      '{\n  imports: [\n    A,\n    B.forRoot({ a: [1] }),\n  ],\n}',
      '{\n  imports: [\n    A,\n    B.forRoot({ a: [1] }),\n    DescopeModule.forRoot(),\n  ],\n}',
    ],
    [
      'no trailing comma',
      '{\n  imports: [\n    A,\n    B\n  ]\n}',
      '{\n  imports: [\n    A,\n    B,\n    DescopeModule.forRoot()\n  ]\n}',
    ],
    [
      'tabs',
      '{\n\timports: [\n\t\tA,\n\t],\n}',
      '{\n\timports: [\n\t\tA,\n\t\tDescopeModule.forRoot(),\n\t],\n}',
    ],
    [
      'a bracket behind the last one',
      '{\n  imports: [A,\n    B],\n}',
      '{\n  imports: [A,\n    B,\n    DescopeModule.forRoot()],\n}',
    ],
    [
      'comments between and behind',
      '{\n  imports: [\n    // first\n    A, // second\n    /* third, ] */\n  ],\n}',
      '{\n  imports: [\n    // first\n    A, // second\n    /* third, ] */\n    DescopeModule.forRoot(),\n  ],\n}',
    ],
    [
      'only a comment',
      '{\n  imports: [\n    // none yet\n  ],\n}',
      '{\n  imports: [\n    // none yet\n    DescopeModule.forRoot(),\n  ],\n}',
    ],
    [
      'a comment on one line',
      '{ imports: [/* none */] }',
      '{ imports: [DescopeModule.forRoot() /* none */] }',
    ],
    ['a quoted name', "{ 'imports': [] }", "{ 'imports': [DescopeModule.forRoot()] }"],
    [
      'a line that would be too long',
      '{\n  imports: [ConfigModule.forRoot({ isGlobal: true }), OrdersModule],\n}',
      '{\n  imports: [\n    ConfigModule.forRoot({ isGlobal: true }),\n    OrdersModule,\n    DescopeModule.forRoot(),\n  ],\n}',
    ],
  ])('is added to %s', (_name, before, after) => {
    expect(change(toModule(before))).toBe(toChanged(after));
  });

  it.each([
    ['one option', [SESSION], 'imports: [DescopeModule.forRoot({ session: { refresh: true } })],'],
    [
      'two options',
      [SESSION, ROUTES],
      'imports: [\n    DescopeModule.forRoot({\n      session: { refresh: true },\n      routes: { loginRedirect: true },\n    }),\n  ],',
    ],
  ])('has %s as Prettier writes them', async (_name, options, entry) => {
    const changed = change(toModule('{\n  imports: [],\n}'), options);
    expect(changed).toContain(entry);
    expect(await format(changed, { parser: 'typescript', singleQuote: true })).toBe(changed);
  });

  it('has two options where there was no list, as Prettier writes them', async () => {
    const changed = change(toModule('{\n  providers: [],\n}'), [SESSION, ROUTES]);
    expect(changed).toContain('routes: { loginRedirect: true },');
    expect(await format(changed, { parser: 'typescript', singleQuote: true })).toBe(changed);
  });

  it('goes to the class that is booted', () => {
    const text = `${toModule('{ imports: [] }')}\n@Module({})\nexport class OtherModule {}\n`;
    expect(change(text, [], 'OtherModule')).toContain(
      '@Module({ imports: [DescopeModule.forRoot()] })\nexport class OtherModule {}',
    );
  });

  it('is found by another name of the decorator', () => {
    const text = toModule('{ imports: [] }')
      .replace('{ Module }', '{ Module as NestModule }')
      .replace('@Module', '@NestModule');
    expect(change(text)).toContain('@NestModule({ imports: [DescopeModule.forRoot()] })');
  });
});

describe('A source that has the DescopeModule', () => {
  const entries = [
    'DescopeModule.forRoot()',
    "DescopeModule.forRoot({ projectId: 'P2' })",
    'DescopeModule.forRootAsync({ useFactory: () => ({}) })',
  ];

  it.each(entries)('is unchanged with %s', (entry) => {
    expect(add(toChanged(`{ imports: [A, ${entry}] }`))).toEqual({ kind: 'unchanged' });
  });

  it.each(['{ imports: [] }', '{}', '{\n  imports: [\n    A\n  ]\n}', '{ imports: [A /* a */] }'])(
    'is unchanged when it was made from %s',
    (metadata) => {
      for (const options of [[], [SESSION], [SESSION, ROUTES]])
        expect(add(change(toModule(metadata), options), options)).toEqual({ kind: 'unchanged' });
    },
  );

  it('is unchanged if it uses the module beside its metadata', () => {
    const text = `${toChanged('{ imports: [auth] }')}export const auth = DescopeModule.forRoot();\n`;
    expect(add(text)).toEqual({ kind: 'unchanged' });
    expect(add(text, [SESSION])).toMatchObject({ kind: 'by-hand' });
  });

  it('gets the entry if it only imports the module, by its name there', () => {
    const text = toChanged('{ imports: [] }').replace('{ DescopeModule }', '{ DescopeModule as Descope }');
    expect(change(text)).toBe(text.replace('[]', '[Descope.forRoot()]'));
  });

  it.each([
    ['DescopeModule.forRoot()', 'DescopeModule.forRoot({ session: { refresh: true } })'],
    ['DescopeModule.forRoot({})', 'DescopeModule.forRoot({ session: { refresh: true } })'],
    [
      'DescopeModule.forRoot({ audience: null })',
      'DescopeModule.forRoot({ audience: null, session: { refresh: true } })',
    ],
    [
      'DescopeModule.forRoot({\n      audience: null, // any\n    })',
      'DescopeModule.forRoot({\n      audience: null, // any\n      session: { refresh: true },\n    })',
    ],
  ])('gets an option that it lacks: %s', (before, after) => {
    const toText = (entry: string) => toChanged(`{\n  imports: [\n    ${entry},\n  ],\n}`);
    expect(change(toText(before), [SESSION])).toBe(toText(after));
  });

  it.each(['DescopeModule.forRoot()', 'DescopeModule.forRoot({ session: { refresh: true } })'])(
    'gets options that need more lines as Prettier writes them: %s',
    async (entry) => {
      const changed = change(toChanged(`{\n  imports: [${entry}],\n}`), [SESSION, ROUTES]);
      expect(changed).toContain('session: { refresh: true },\n      routes: { loginRedirect: true },\n');
      expect(await format(changed, { parser: 'typescript', singleQuote: true })).toBe(changed);
    },
  );

  it('keeps an option that it has', () => {
    const text = toChanged('{ imports: [DescopeModule.forRoot({ session: {}, routes: false })] }');
    expect(add(text, [SESSION, ROUTES])).toEqual({ kind: 'unchanged' });
  });
});

describe('A source is left to its author', () => {
  const withEntry = (entry: string) => toChanged(`{ imports: [${entry}] }`);

  it.each([
    ['wrong syntax', `${toModule('{ imports: [] }')}}`, 'its syntax is not valid'],
    [
      'no decorator of Nest',
      '@Module({ imports: [] })\nexport class AppModule {}\n',
      'it does not import Module',
    ],
    ['no module', "import { Module } from '@nestjs/common';\n", 'it has no class with @Module()'],
    ['several modules', `${toModule('{}')}@Module({})\nclass B {}\n`, 'it has several modules'],
    ['metadata from elsewhere', toModule('metadata'), 'is not an object literal'],
    ['a call for imports', toModule('{ imports: toImports() }'), 'not an array literal'],
    ['a conditional for imports', toModule('{ imports: isTest ? [] : [A] }'), 'not an array literal'],
    ['imports from elsewhere', toModule('{ imports }'), 'not an array literal'],
    ['spread metadata', toModule('{ ...metadata }'), 'spread from elsewhere'],
    [
      'a DescopeModule of its own',
      `${toModule('{ imports: [DescopeModule] }')}class DescopeModule {}\n`,
      'another one',
    ],
  ])('if it has %s', (_name, text, reason) => {
    expect(add(text)).toEqual({ kind: 'by-hand', reason: expect.stringContaining(reason) });
  });

  it.each([
    ['an asynchronous set-up', withEntry('DescopeModule.forRootAsync({})'), 'not given to forRoot()'],
    ['options from elsewhere', withEntry('DescopeModule.forRoot(options)'), 'not a literal'],
    ['spread options', withEntry('DescopeModule.forRoot({ ...options })'), 'spread from elsewhere'],
  ])('if it has %s, and an option is wanted', (_name, text, reason) => {
    expect(add(text, [SESSION])).toEqual({ kind: 'by-hand', reason: expect.stringContaining(reason) });
  });
});

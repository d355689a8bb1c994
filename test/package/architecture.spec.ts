// The rules of the house: which floor may know which, and what stands in one place only.
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import type { Source } from '../support/source-graph.js';
import { findFiles, isCallOf, isImportOf, isMember, readSources } from '../support/source-graph.js';

const sources = readSources('lib');
const library = sources.filter(({ path }) => !path.startsWith('lib/emulator/'));

const inFolder = (folder: string) => sources.filter(({ path }) => path.startsWith(`lib/${folder}/`));
const importsOf = (files: readonly Source[]) =>
  files.flatMap(({ path, imports }) => imports.map((target) => ({ path, target })));

const COMMAND = 'lib/cli/nestjs-descope.ts';
const EMULATOR_COMMAND = 'lib/emulator/command/emulator-command.ts';

// From the ground up. What is not named here stands in the way of the test.
const FLOORS = [
  ['core'],
  ['auth'],
  ['inspect', 'routes', 'events'],
  ['resource'],
  ['module'],
  ['testing'],
  ['context', 'access', 'fga', 'throttler', 'dpop'],
  ['bullmq', 'on-behalf', 'otel', 'express', 'websockets', 'microservices', 'redis', 'mcp'],
  ['cli'],
  ['schematics'],
];
const floorOf = (path: string) =>
  path === 'lib/index.ts'
    ? FLOORS.length
    : FLOORS.findIndex((rooms) => rooms.includes(path.split('/')[1] ?? ''));

describe('Imports', () => {
  it('are seen by this test', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(importsOf(sources).length).toBeGreaterThan(200);
    expect(sources.find(({ path }) => path === 'lib/index.ts')?.imports).toContain('lib/auth/auth.guard.ts');
    expect(sources.find(({ path }) => path.endsWith('descope.client.ts'))?.imports).toContain(
      '@descope/node-sdk',
    );
  });

  it('of core/ are core/ and Node', () => {
    const foreign = importsOf(inFolder('core')).filter(
      ({ target }) => !target.startsWith('lib/core/') && !target.startsWith('node:'),
    );
    expect(foreign).toEqual([]);
  });

  it('point down', () => {
    const within = importsOf(library).filter(
      ({ target }) => target.startsWith('lib/') && target !== EMULATOR_COMMAND,
    );
    expect(within.filter(({ path }) => floorOf(path) < 0)).toEqual([]);
    expect(
      within.filter(({ path, target }) => floorOf(target) < 0 || floorOf(target) > floorOf(path)),
    ).toEqual([]);
  });

  it('form no circle, types included', () => {
    expect(findCircle(sources)).toBeUndefined();
  });

  it('of a folder never go to a sibling that imports it', () => {
    const pairs = new Set(
      importsOf(library)
        .filter(({ target }) => target.startsWith('lib/'))
        .map(({ path, target }) => [posix.dirname(path), posix.dirname(target)] as const)
        .filter(([from, to]) => !`${from}/`.startsWith(`${to}/`) && !`${to}/`.startsWith(`${from}/`))
        .map(([from, to]) => `${from} > ${to}`),
    );
    expect(pairs.size).toBeGreaterThan(20);
    expect([...pairs].filter((pair) => pairs.has(pair.split(' > ').reverse().join(' > ')))).toEqual([]);
  });

  it('never name an index.ts', () => {
    expect(importsOf(sources).filter(({ target }) => /(^|\/)index(\.ts)?$/.test(target))).toEqual([]);
  });

  it('of the emulator stay within it, and only the command imports it, when it is to start it', () => {
    const isEmulator = (path: string) => path.startsWith('lib/emulator/');
    const crossing = importsOf(sources).filter(
      ({ path, target }) => target.startsWith('lib/') && isEmulator(path) !== isEmulator(target),
    );
    expect(crossing).toEqual([{ path: COMMAND, target: EMULATOR_COMMAND }]);
  });

  it('of the command are dynamic, so that no subcommand loads another', () => {
    const { imports = [], tree } = sources.find(({ path }) => path === COMMAND) ?? {};
    const named = (tree?.statements ?? []).flatMap((statement) =>
      ts.isImportDeclaration(statement) &&
      statement.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword &&
      ts.isStringLiteral(statement.moduleSpecifier)
        ? [statement.moduleSpecifier.text]
        : [],
    );
    expect(imports.length).toBeGreaterThan(named.length);
    expect(named.filter((target) => !target.startsWith('node:'))).toEqual([]);
    expect(
      importsOf(sources).filter(({ target }) => target.startsWith('lib/cli/') && target === COMMAND),
    ).toEqual([]);
  });

  it('of the doctor reach neither Nest nor the emulator', () => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const reached = new Set(['lib/cli/doctor/doctor-command.ts']);
    for (const path of reached) for (const target of readLoaded(byPath.get(path))) reached.add(target);
    expect(reached.has('lib/core/config/config.ts')).toBe(true);
    expect([...reached].filter((name) => !/^(?:lib\/(?:cli|core)\/|node:)/.test(name))).toEqual([]);
  });

  it('of the schematic are its own files, Node, and types of the compiler that the project brings', () => {
    const foreign = importsOf(inFolder('schematics')).filter(
      ({ target }) => !target.startsWith('lib/schematics/') && !target.startsWith('node:'),
    );
    expect(new Set(foreign.map(({ target }) => target))).toEqual(new Set(['typescript']));
    const values = inFolder('schematics').filter(({ text }) => /^import (?!type ).*'typescript'/m.test(text));
    expect(values.map(({ path }) => path)).toEqual([]);
    const users = importsOf(sources).filter(({ target }) => target.startsWith('lib/schematics/'));
    expect(users.filter(({ path }) => !path.startsWith('lib/schematics/'))).toEqual([]);
  });

  it('of jose stand in the emulator only, and those of testing/ nowhere', () => {
    const jose = importsOf(sources).filter(({ target }) => target === 'jose' || target.startsWith('jose/'));
    expect(jose.length).toBeGreaterThan(0);
    expect(jose.filter(({ path }) => !path.startsWith('lib/emulator/'))).toEqual([]);
    const testing = importsOf(sources).filter(({ target }) => target.startsWith('lib/testing/'));
    expect(testing.filter(({ path }) => !path.startsWith('lib/testing/'))).toEqual([]);
  });

  it("of '.' never reach context/, so that nothing of it is loaded where nobody asks who acts", () => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const reached = new Set(['lib/index.ts']);
    for (const path of reached) for (const target of byPath.get(path)?.imports ?? []) reached.add(target);
    expect(reached.has('lib/auth/auth.guard.ts')).toBe(true);
    expect([...reached].filter((path) => path.startsWith('lib/context/'))).toEqual([]);
    const stores = (node: ts.Node) => isImportOf(node, 'node:async_hooks', 'AsyncLocalStorage');
    expect(findFiles(library, stores)).toContain('lib/context/descope.context.ts');
    expect(findFiles(library, stores).filter((path) => reached.has(path))).toEqual([]);
  });

  it('of Nest come from package roots', () => {
    expect(importsOf(sources).filter(({ target }) => /^@nestjs\/[^/]+\//.test(target))).toEqual([]);
  });
});

describe('One file', () => {
  it('checks signatures', () => {
    const verifies = (node: ts.Node) =>
      ['verify', 'createVerify'].some((name) => isImportOf(node, 'node:crypto', name));
    expect(findFiles(library, verifies)).toEqual(['lib/core/token/signature.ts']);
  });

  it("goes to the network, one bounds the vendor's client, one carries the application's own calls, one its fetch", () => {
    const fetches = findFiles(library, (node) => isCallOf(node, 'fetch'));
    expect(fetches).toEqual([
      'lib/core/api/http-client.ts',
      'lib/core/m2m/bearer-fetch.ts',
      'lib/module/descope.client.ts',
      'lib/routes/browser/flow.ts', // the browser's own, to the application
    ]);
    const sockets = ['node:http', 'node:https', 'node:http2', 'node:net', 'node:tls'];
    const found = importsOf(library).filter(({ target }) => sockets.includes(target));
    expect(found).toEqual([{ path: 'lib/core/http/address.ts', target: 'node:net' }]); // the form of addresses:
    expect(findFiles(library, (node) => isImportOf(node, 'node:net', 'isIP'))).toHaveLength(1);
  });

  it('takes Cookie headers apart', () => {
    const splits = (node: ts.Node) => ts.isStringLiteral(node) && node.text === ';';
    expect(findFiles(library, splits)).toEqual(['lib/core/http/cookies.ts']);
  });

  it("writes demands as metadata, and one reads them; one reads frameworks' metadata, and no demands", () => {
    const writes = findFiles(library, (node) => isCallOf(node, 'defineMetadata', 'SetMetadata'));
    // What the routes note is for Swagger, what is put before messages is a filter, and events are no requests: none demands
    // anything. The names of MCP say which method a message calls.
    const ofEvents = 'lib/events/on-descope-event.ts';
    const ofMcp = 'lib/mcp/mcp.decorators.ts';
    const others = [ofEvents, 'lib/inspect/handlers.ts', ofMcp, 'lib/routes/auth.controller.ts'];
    expect(writes).toEqual(['lib/auth/access/access-metadata.ts', ...others]);
    const reads = findFiles(library, (node) => isCallOf(node, 'getMetadata', 'getOwnMetadata'));
    // The decorators read only what they are about to append to.
    const ofFrameworks = 'lib/inspect/handlers.ts';
    expect(reads).toEqual([
      'lib/auth/access/access-metadata.ts',
      'lib/auth/access/access-policy.ts',
      ofEvents,
      ofFrameworks,
      ofMcp,
    ]);
    const { text = '', imports = [] } = sources.find(({ path }) => path === ofFrameworks) ?? {};
    expect(text).not.toMatch(/nestjs-descope|__guards__/);
    expect(imports).toContain('lib/auth/access/access-policy.ts'); // which reads demands
    expect(imports).not.toContain('lib/auth/access/access-metadata.ts'); // which writes them
    expect(findFiles(library, (node) => ts.isIdentifier(node) && node.text === 'Reflector')).toEqual([]);
  });

  it('for each transport looks into its execution contexts', () => {
    const looks = (node: ts.Node) =>
      isCallOf(node, 'switchToHttp', 'switchToWs', 'switchToRpc', 'getArgByIndex', 'getArgs');
    const transports = ['graphql', 'mcp', 'microservice', 'transport', 'websocket'].map(
      (name) => `lib/auth/transports/${name}.ts`,
    );
    expect(findFiles(library, looks)).toEqual(transports);
  });

  it('asks what time it is', () => {
    const asks = (node: ts.Node) =>
      isMember(node, 'Date', 'now') ||
      isMember(node, 'performance', 'now') ||
      (ts.isNewExpression(node) && node.expression.getText() === 'Date' && node.arguments?.length === 0);
    expect(findFiles(library, asks)).toEqual(['lib/core/clock.ts']);
    expect(findFiles(inFolder('emulator'), asks)).toEqual(['lib/emulator/controls/clock.ts']);
  });

  it('reads the environment, and not from the process', () => {
    const readsProcess = (node: ts.Node) =>
      isMember(node, 'process', 'env') || isImportOf(node, 'node:process', 'env');
    expect(findFiles(library, readsProcess)).toEqual([COMMAND]); // which is a process of its own
    const names = (node: ts.Node) =>
      ts.isStringLiteral(node) && ts.isCallExpression(node.parent) && /^DESCOPE_[A-Z_]+$/.test(node.text);
    expect(findFiles(library, names)).toEqual(['lib/core/config/environment.ts']);
  });
});

// Without what is imported for its types, which is gone when it runs.
function readLoaded(source: Source | undefined): readonly string[] {
  const loaded = (source?.tree.statements ?? []).filter(
    (node) => !ts.isImportDeclaration(node) || node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword,
  );
  const text = loaded.map((node) => node.getText()).join('\n');
  return (source?.imports ?? []).filter(
    (target) => text.includes(posix.basename(target).replace(/\.ts$/, '.js')) || !target.startsWith('lib/'),
  );
}

function findCircle(files: readonly Source[]): readonly string[] | undefined {
  const byPath = new Map(files.map((source) => [source.path, source]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const target of byPath.get(path)?.imports ?? []) {
      const circle = visit(target, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
    return undefined;
  };
  return files.map(({ path }) => visit(path, [])).find((circle) => circle !== undefined);
}

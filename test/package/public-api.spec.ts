// The public names, one by one, with what each promises: a change here is a change for everybody who uses the package.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readDocFlaws } from '../support/api-docs.js';
import type { EntryPoint } from '../support/public-api.js';
import { readPublicApi } from '../support/public-api.js';

const NAMES = [
  '.',
  './context',
  './otel',
  './access',
  './fga',
  './throttler',
  './bullmq',
  './dpop',
  './on-behalf',
  './inspect',
  './events',
  './websockets',
  './microservices',
  './redis',
  './mcp',
  './testing',
  './emulator',
  './express',
];

// `npm run api` writes the reports; every other run compares.
const isWriting = process.env['API'] === 'write';

const api = readPublicApi(NAMES);
const entryPoints = new Map(api.entryPoints.map((entryPoint) => [entryPoint.name, entryPoint]));
const rootNames = new Set(entryPoints.get('.')?.exports.map(({ name }) => name));

describe("The entry point '.'", () => {
  it('exports these values', () => {
    expectValues('.', [
      'Accepts',
      'Amr',
      'Audience',
      'AuthGuard',
      'Authorize',
      'CurrentSession',
      'CurrentTenant',
      'CurrentUser',
      'DESCOPE_CHANNELS',
      'DescopeAccessError',
      'DescopeConfigError',
      'DescopeCredentialError',
      'DescopeError',
      'DescopeHealthIndicator',
      'DescopeM2mClient',
      'DescopeM2mError',
      'DescopeModule',
      'DescopeRequestError',
      'DescopeRevocations',
      'DescopeService',
      'DescopeSession',
      'DescopeSessionMiddleware',
      'DescopeUnavailableError',
      'DescopeUser',
      'FgaCheck',
      'InjectDescope',
      'Mfa',
      'OptionalAuth',
      'Permissions',
      'ProtectedResource',
      'Public',
      'Roles',
      'Scopes',
      'Staff',
      'StepUp',
      'Superuser',
      'Tenant',
      'createNonce',
      'renderDescopeFlow',
      'toLoginPageHeaders',
    ]);
  });

  it('exports at most 40 values', () => {
    expect(readValues('.').length).toBeLessThanOrEqual(40);
  });
});

describe("The entry point './otel'", () => {
  it('exports these values', () => {
    expectValues('./otel', ['instrumentDescope']);
  });
});

describe("The entry point './bullmq'", () => {
  it('exports these values', () => {
    expectValues('./bullmq', ['DescopeBullModule', 'readJobCaller']);
  });
});

describe("The entry point './throttler'", () => {
  it('exports these values', () => {
    expectValues('./throttler', ['DescopeThrottlerGuard', 'trackByAddress', 'trackByTenant', 'trackByUser']);
  });
});

describe("The entry point './context'", () => {
  it('exports these values', () => {
    expectValues('./context', ['DescopeContext', 'DescopeContextModule']);
  });
});

describe("The entry point './access'", () => {
  it('exports these values', () => {
    expectValues('./access', ['AnyOf', 'NoImpersonation']);
  });
});

describe("The entry point './fga'", () => {
  it('exports these values', () => {
    expectValues('./fga', ['DescopeFga', 'DescopeFgaModule']);
  });
});

describe("The entry point './dpop'", () => {
  it('exports these values', () => {
    expectValues('./dpop', ['Dpop']);
  });
});

describe("The entry point './on-behalf'", () => {
  it('exports these values', () => {
    expectValues('./on-behalf', [
      'ConnectionToken',
      'DescopeConnections',
      'DescopeOnBehalfModule',
      'DescopeTokens',
    ]);
  });
});

describe("The entry point './inspect'", () => {
  it('exports these values', () => {
    expectValues('./inspect', [
      'accessMatrix',
      'applyDescopeSecurity',
      'describeAccess',
      'diffMatrix',
      'explainAccess',
      'formatAccess',
      'formatMatrix',
      'formatMatrixDiff',
      'verifyAccessNames',
    ]);
  });
});

describe("The entry point './events'", () => {
  it('exports these values', () => {
    expectValues('./events', ['OnDescopeEvent']);
  });
});

describe("The entry point './websockets'", () => {
  it('exports these values', () => {
    expectValues('./websockets', ['DescopeSockets', 'untilSessionEnds']);
  });
});

describe("The entry point './microservices'", () => {
  it('exports these values', () => {
    expectValues('./microservices', ['microserviceTransport']);
  });
});

describe("The entry point './redis'", () => {
  it('exports these values', () => {
    expectValues('./redis', ['redisChannel']);
  });
});

describe("The entry point './mcp'", () => {
  it('exports these values', () => {
    expectValues('./mcp', [
      'DescopeMcp',
      'McpArguments',
      'McpEndpoint',
      'McpExtra',
      'McpPrompt',
      'McpResource',
      'McpTool',
      'filterMcpLists',
      'mcpTransport',
    ]);
  });
});

describe("The entry point './testing'", () => {
  it('exports these values', () => {
    expectValues('./testing', ['DescopeTestingModule', 'TestDescope', 'createTestDescope']);
  });
});

describe("The entry point './emulator'", () => {
  it('exports these values', () => {
    expectValues('./emulator', [
      'DEFAULT_MANAGEMENT_KEY',
      'DEFAULT_PROJECT_ID',
      'EmulatorError',
      'startEmulator',
    ]);
  });
});

describe("The entry point './express'", () => {
  it('exports nothing, and can be imported', async () => {
    expect(entryPoints.get('./express')?.exports).toEqual([]);
    expect(Object.keys(await import('nestjs-descope/express'))).toEqual([]);
  });
});

describe.each(api.entryPoints)('The entry point $name', (entryPoint) => {
  it('exports these values at run time, too', async () => {
    const path = entryPoint.name === '.' ? 'nestjs-descope' : `nestjs-descope${entryPoint.name.slice(1)}`;
    expect(Object.keys((await import(path)) as object).sort()).toEqual(readValues(entryPoint.name));
  });

  it('exports what its API report says', () => {
    const path = `test/package/api/${entryPoint.name === '.' ? 'index' : entryPoint.name.slice(2)}.api.md`;
    const report = toReport(entryPoint);
    if (isWriting) writeFileSync(path, report);
    expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(report);
  });

  it("mentions no type of the package that neither it nor '.' exports", () => {
    const known = new Set([...rootNames, ...entryPoint.exports.map(({ name }) => name)]);
    const unknown = entryPoint.exports.map(({ name, mentions }) => ({
      name,
      hidden: mentions.filter((one) => !known.has(one)),
    }));
    expect(unknown.filter(({ hidden }) => hidden.length > 0)).toEqual([]);
  });
});

describe('Every public name', () => {
  it('is documented, with tags where its signature does not say it', () => {
    const flaws = readDocFlaws(api);
    expect(flaws.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
  });
});

function readValues(name: string): readonly string[] {
  const values = entryPoints.get(name)?.exports.filter(({ kind }) => kind === 'value');
  return values?.map((item) => item.name) ?? [];
}

function expectValues(name: string, values: readonly string[]): void {
  expect(readValues(name)).toEqual(values);
}

function toReport({ name, exports, text }: EntryPoint): string {
  const path = name === '.' ? 'nestjs-descope' : `nestjs-descope${name.slice(1)}`;
  const mentioned = new Set(exports.flatMap(({ mentions }) => mentions));
  const own = new Set(exports.map((item) => item.name));
  const ofRoot = [...mentioned].filter((one) => !own.has(one)).sort();
  return [
    `# API of \`${path}\``,
    'Written by `npm run api`. A difference is a change of the public API: it belongs into `CHANGELOG.md`.',
    ...(ofRoot.length === 0
      ? []
      : [`Types of \`nestjs-descope\` in it: ${ofRoot.map((one) => `\`${one}\``).join(', ')}.`]),
    [
      '```ts',
      ...(exports.length === 0 ? [text.trim()] : [exports.map((item) => item.text).join('\n\n')]),
      '```',
    ].join('\n'),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

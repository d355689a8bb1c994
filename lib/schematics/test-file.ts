// The test of an application: it boots the root module, and calls it with tokens of nestjs-descope/testing.
import { posix } from 'node:path';
import type { Project } from './project.js';
import type { ProjectTree } from './project-tree.js';

/** What the test is of. */
export interface TestSubject {
  readonly project: Project;
  /** The file of the root module, and the name of its class. */
  readonly modulePath: string;
  readonly className: string;
}

/** Writes the test, unless it is there. Returns its path. */
export function addTest(tree: ProjectTree, subject: TestSubject): string {
  const path = toTestPath(tree, subject.project);
  if (!tree.exists(path)) tree.create(path, toTest(subject, path));
  return path;
}

// Where Nest's own end-to-end test is; or beside the sources, where every runner looks.
function toTestPath(tree: ProjectTree, { sourceRoot }: Project): string {
  const folder = posix.join(posix.dirname(sourceRoot), 'test');
  const hasEndToEnd = [`${folder}/jest-e2e.json`, 'vitest.config.e2e.ts'].some((file) => tree.exists(file));
  return hasEndToEnd ? `${folder}/descope.e2e-spec.ts` : `${sourceRoot}/descope.spec.ts`;
}

// By `fetch`, which needs no package and calls Express and Fastify alike.
function toTest({ project, modulePath, className }: TestSubject, path: string): string {
  const isFastify = project.adapter === 'fastify';
  const relative = posix.relative(posix.dirname(path), modulePath).replace(/\.ts$/, project.extension);
  const from = relative.startsWith('.') ? relative : `./${relative}`;
  const imports = [
    "import { Controller, Get, INestApplication } from '@nestjs/common';",
    ...(isFastify ? ["import { FastifyAdapter } from '@nestjs/platform-fastify';"] : []),
    "import { Test } from '@nestjs/testing';",
    "import { CurrentUser, DescopeUser } from 'nestjs-descope';",
    "import { createTestDescope } from 'nestjs-descope/testing';",
    ...(project.runner === 'vitest'
      ? ["import { afterAll, beforeAll, describe, expect, it } from 'vitest';"]
      : []),
    `import { ${className} } from '${from}';`,
  ];
  const controller = project.testsHaveDecorators ? CONTROLLER : CONTROLLER_BY_CALLS;
  const body = toBody(className, isFastify ? 'new FastifyAdapter()' : '');
  return `${imports.join('\n')}\n\n${controller}\n${body}`;
}

const CONTROLLER = `// A route to call. Replace it by one of your own.
@Controller('who-am-i')
class WhoAmIController {
  @Get()
  show(@CurrentUser() user: DescopeUser) {
    return { id: user.id };
  }
}
`;

const CONTROLLER_BY_CALLS = `// A route to call. Replace it by one of your own. Its decorators are calls, because
// Vitest does not compile decorators in the tests of a workspace.
class WhoAmIController {
  show(user: DescopeUser) {
    return { id: user.id };
  }
}
const { prototype } = WhoAmIController;
Controller('who-am-i')(WhoAmIController);
Get()(prototype, 'show', Object.getOwnPropertyDescriptors(prototype).show);
CurrentUser()(prototype, 'show', 0);
`;

function toBody(className: string, adapter: string): string {
  return `describe('Authentication', () => {
  const descope = createTestDescope();
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    const builder = Test.createTestingModule({
      imports: [${className}],
      controllers: [WhoAmIController],
    });
    const module = await descope.override(builder).compile();
    app = module.createNestApplication(${adapter});
    await app.listen(0, '127.0.0.1');
    url = \`\${await app.getUrl()}/who-am-i\`;
  });

  afterAll(() => app.close());

  it('rejects a request without a session', async () => {
    const response = await fetch(url);
    expect(response.status).toBe(401);
  });

  it('accepts the session token of a user', async () => {
    const ada = descope.as({ sub: 'U2ada' });
    const response = await fetch(url, { headers: ada.bearer });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id: 'U2ada' });
  });
});
`;
}

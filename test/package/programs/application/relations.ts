// Asks the emulator for relations, through the vendor's client.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DescopeModule, FgaCheck } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';

@Controller('docs')
class DocsController {
  @FgaCheck({ resourceType: 'doc', resource: 'param:id', relation: 'viewer' })
  @FgaCheck({ resourceType: 'doc', resource: (context) => `${context.getType()}-doc`, relation: 'viewer' })
  @Get('both/:id')
  both() {
    return {};
  }

  @FgaCheck({ resourceType: 'doc', resource: 'param:id', relation: 'viewer', targetType: 'user' })
  @Get(':id')
  show() {
    return {};
  }
}

async function check(): Promise<void> {
  const viewer = { resourceType: 'doc', relation: 'viewer', targetType: 'user', target: 'U2anna' };
  const relations = [{ ...viewer, resource: 'plan' }];
  const schema = 'model AuthZ 1.0\n\ntype user\n\ntype doc\n  relation viewer: user\n';
  const emulator = await startEmulator({ seed: { fga: { schema, relations } } });
  const { projectId, url: baseUrl, managementKey } = emulator;
  @Module({
    imports: [DescopeModule.forRoot({ projectId, baseUrl, managementKey })],
    controllers: [DocsController],
  })
  class DocsModule {}
  const app = await NestFactory.create(DocsModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const authorization = `Bearer ${await emulator.signToken({ claims: { sub: 'U2anna', amr: ['email'] } })}`;
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization } });
    const { code } = (await response.json()) as { code?: string };
    return `${response.status} ${code ?? ''}`.trim();
  };
  const answers = [await ask('/docs/plan'), await ask('/docs/note'), await ask('/docs/both/plan')];
  emulator.faults.add({ path: '/v1/mgmt/fga/check', reset: true });
  answers.push(await ask('/docs/plan'));
  await app.close();
  await emulator.close();
  console.log(JSON.stringify(answers));
}

void check();

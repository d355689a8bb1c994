// Boots the application on test keys, asks it, tells the answers, and ends by itself.
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import { AppModule } from './app.module.js';

async function check(): Promise<void> {
  const descope = createTestDescope();
  const module = await descope.override(Test.createTestingModule({ imports: [AppModule] })).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    const { code } = (await response.json()) as { code?: string };
    return `${response.status} ${code ?? ''}`.trim();
  };
  const answers = {
    public: await ask('/public'),
    nobody: await ask('/me'),
    bearer: await ask('/me', descope.as().bearer),
    cookie: await ask('/me', descope.as().cookie),
    expired: await ask('/me', descope.expired().bearer),
    tampered: await ask('/me', descope.tampered().bearer),
    plain: await ask('/admin', descope.as().bearer),
    admin: await ask('/admin', descope.as({ roles: ['admin'] }).bearer),
  };
  await app.close();
  console.log(JSON.stringify(answers));
}

void check();

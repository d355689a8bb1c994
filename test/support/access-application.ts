// An application on test keys, asked by callers of all kinds; an answer in one text.
import { request } from 'node:http';
import type { ModuleMetadata } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import type { TestDescope, TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AdapterName, Answer } from './application.js';
import { start } from './application.js';

/** Who calls: somebody, or nobody. */
export type Caller = TestIdentity | null;

export interface AccessApplication {
  readonly descope: TestDescope;
  ask(path: string, caller: Caller, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** `200`, or status and code: `403 ACCESS_ROLE_MISSING`. */
  verdict(path: string, caller: Caller, headers?: Readonly<Record<string, string>>): Promise<string>;
  verdicts(path: string, callers: readonly Caller[]): Promise<string[]>;
  /** The challenge of a rejection. */
  challenge(path: string, caller: Caller): Promise<string | null>;
  /** The same as `verdict` under another host, which `fetch` would not send. */
  verdictAt(host: string, path: string, caller: Caller): Promise<string>;
  close(): Promise<void>;
}

/** Starts an application of these controllers and providers. */
export async function startAccess(
  adapter: AdapterName,
  metadata: ModuleMetadata,
  options: DescopeModuleOptions = {},
): Promise<AccessApplication> {
  const descope = createTestDescope();
  const imports = [DescopeModule.forRoot(options), ...(metadata.imports ?? [])];
  const override = {
    override: (builder: Parameters<TestDescope['override']>[0]) => descope.override(builder),
  };
  const application = await start(adapter, { ...metadata, imports }, override);
  const toHeaders = (caller: Caller) => (caller === null ? {} : descope.as(caller).bearer);
  const ask: AccessApplication['ask'] = (path, caller, headers = {}) =>
    application.request(path, { headers: { ...toHeaders(caller), ...headers } });
  const verdict: AccessApplication['verdict'] = async (...args) => toVerdict(await ask(...args));
  return {
    descope,
    ask,
    verdict,
    verdicts: (path, callers) => Promise.all(callers.map((caller) => verdict(path, caller))),
    challenge: async (path, caller) => (await ask(path, caller)).headers.get('www-authenticate'),
    verdictAt: (host, path, caller) => askAt(application.url + path, { ...toHeaders(caller), host }),
    close: () => application.close(),
  };
}

function toVerdict({ status, body }: Pick<Answer, 'status' | 'body'>): string {
  return [status, body['code'] ?? ''].join(' ').trim();
}

function askAt(url: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += String(chunk);
      const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, unknown>;
      resolve(toVerdict({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject).end();
  });
}

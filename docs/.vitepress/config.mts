// The site: the pages of this folder, and the API reference that typedoc writes beside them. It loads nothing from elsewhere.
import { existsSync, readFileSync } from 'node:fs';
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';

const API = new URL('../api/typedoc-sidebar.json', import.meta.url);
const api = existsSync(API) ? (JSON.parse(readFileSync(API, 'utf8')) as object[]) : [];

const page = (text: string, name: string) => ({ text, link: `/${name}` });

interface Token {
  readonly type: string;
  readonly children: readonly Token[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}

// README.md and its siblings stand above this folder; copy-pages.mjs puts them into `project/`.
function toProjectPages({ tokens, env }: { readonly tokens: readonly Token[]; readonly env: object }): void {
  const isProjectPage = (env as { relativePath?: string }).relativePath?.startsWith('project/') === true;
  for (const link of tokens
    .flatMap(({ children }) => children ?? [])
    .filter(({ type }) => type === 'link_open')) {
    const target = link.attrGet('href') ?? '';
    if (isProjectPage) link.attrSet('href', target.replace(/^(?:\.\/)?docs\//, '../'));
    else link.attrSet('href', target.replace(/^\.\.\/([A-Z]+\.md)/, './project/$1'));
  }
}

// Vue would compute what stands in two pairs of braces, such as the placeholders of a template.
function keepBraces({ tokens }: { readonly tokens: readonly Token[] }): void {
  for (const token of tokens.flatMap(({ children }) => children ?? []))
    if (token.type === 'code_inline') token.attrSet('v-pre', '');
}

export default defineConfig({
  title: 'nestjs-descope',
  description: 'Descope authentication for NestJS',
  lang: 'en',
  cleanUrls: false, // so that the built files can be opened from a disk
  srcExclude: ['node_modules/**'],
  lastUpdated: false,
  markdown: {
    anchor: { slugify: (text) => slug(text) }, // as GitHub, where the pages are read too
    config: ({ core }) => {
      core.ruler.push('project-pages', toProjectPages);
      core.ruler.push('keep-braces', keepBraces);
    },
  },
  ignoreDeadLinks: [/test\/mutation|sample-app|examples/],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [page('Guide', 'access'), page('API', 'api/')],
    sidebar: {
      '/api/': [{ text: 'API reference', items: api }],
      '/': [
        {
          text: 'Start',
          items: [
            page('Overview', ''),
            page('Migrating from passport-jwt', 'migrate-passport-jwt'),
            page('Old tokens for a while', 'migrate-old-tokens'),
            page('Migrating from a guard of your own', 'migrate-node-sdk-guard'),
            page('Migrating from Keycloak', 'migrate-nest-keycloak-connect'),
          ],
        },
        {
          text: 'Users and access',
          items: [
            page('Own users', 'own-users'),
            page('Access', 'access'),
            page('Alternatives', 'any-of'),
            page('Fine-grained authorization', 'fga'),
            page('Abilities with CASL', 'casl'),
            page('Who acts', 'context'),
            page('Throttling', 'throttling'),
            page('Jobs of BullMQ', 'jobs'),
            page('Calling other services', 'calling-other-services'),
            page('Caching by caller', 'caching'),
            page('Events of Descope', 'events'),
          ],
        },
        {
          text: 'Sessions',
          items: [
            page('Browser sessions and routes', 'browser-sessions'),
            page('Client-held tokens and CORS', 'client-held-tokens'),
            page('Backend-only sign-in', 'backend-sign-in'),
          ],
        },
        {
          text: 'Tests and development',
          items: [
            page('Testing', 'testing'),
            page('Command line', 'cli'),
            page('The emulator', 'emulator'),
            page('Its console', 'emulator-console'),
            page('Who may call it', 'emulator-security'),
            page('Many projects in it', 'emulator-projects'),
            page('Flows and screens', 'emulator-flows'),
            page('Providers and SSO', 'emulator-providers'),
            page('As an authorization server', 'emulator-oauth'),
            page('Users and tokens', 'emulator-users'),
            page('Management', 'emulator-management'),
            page('Audit webhooks', 'emulator-webhooks'),
            page('Coverage', 'emulator-coverage'),
            page("The vendor's suites", 'emulator-vendors'),
          ],
        },
        {
          text: 'Transports',
          items: [
            page('GraphQL', 'graphql'),
            page('WebSockets and SSE', 'websockets-sse'),
            page('Microservices', 'microservices'),
            page('Machines', 'machines'),
            page('Tokens bound to a key', 'dpop'),
            page('Gateways', 'gateways'),
          ],
        },
        {
          text: 'Reference',
          items: [
            page('Options', 'options'),
            page('Errors', 'errors'),
            page('Access map, Swagger, typed names', 'access-map'),
            page('Who may do what, and why not', 'access-matrix'),
          ],
        },
        {
          text: 'In production',
          items: [
            page('Operations', 'operations'),
            page('Telemetry', 'telemetry'),
            page('Several instances', 'several-instances'),
            page('What the guard does not see', 'not-guarded'),
            page('Security', 'security'),
            page('Benchmarks', 'benchmarks'),
            page('What the extras cost', 'benchmarks-extras'),
            page('What the guard costs on Express', 'benchmarks-express'),
            page('Not possible', 'not-possible'),
            page('Threat model', 'project/SECURITY'),
            page('Changelog', 'project/CHANGELOG'),
          ],
        },
      ],
    },
  },
});

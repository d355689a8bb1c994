// A real nginx that runs the configuration of docs/gateways.md.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Service } from './service.js';
import { startService } from './service.js';

/** Where the two servers behind the gateway listen. */
export interface Upstreams {
  readonly application: string;
  readonly service: string;
}

/** Starts nginx with the block of docs/gateways.md; only the addresses are put in. */
export async function startNginx(upstreams: Upstreams): Promise<Service & { readonly url: string }> {
  const nginx = await startService({
    command: 'nginx',
    packageName: 'nginx-light',
    toArguments: async (folder, port) => {
      const file = join(folder, 'nginx.conf');
      await mkdir(join(folder, 'tmp'));
      await writeFile(file, toMainConfig(folder, await readServer(upstreams, port)));
      return ['-p', folder, '-c', file, '-e', 'stderr', '-g', 'daemon off;'];
    },
  });
  return { ...nginx, url: `http://127.0.0.1:${nginx.port}` };
}

async function readServer(upstreams: Upstreams, port: number): Promise<string> {
  const blocks = [...(await readFile('docs/gateways.md', 'utf8')).matchAll(/^```nginx\n([^]*?)^```$/gm)];
  if (blocks.length !== 1)
    throw new Error(`docs/gateways.md has ${blocks.length} blocks for nginx, and not one.`);
  const places = [
    ['server 127.0.0.1:3000;', `server ${new URL(upstreams.application).host};`],
    ['server 127.0.0.1:8080;', `server ${new URL(upstreams.service).host};`],
    ['listen 8000;', `listen 127.0.0.1:${port};`],
  ] as const;
  return places.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2)
      throw new Error(`The nginx configuration of docs/gateways.md has no single "${from}".`);
    return text.replace(from, to);
  }, blocks[0]?.[1] ?? '');
}

function toMainConfig(folder: string, server: string): string {
  const isRoot = process.getuid?.() === 0; // whose workers would else be another user, who may not write here
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
${isRoot ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/tmp/${name};`).join('\n  ')}
${server}
}
`;
}

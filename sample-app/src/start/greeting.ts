// What the terminal says once the sample app listens: where it is, and four lines to paste.
import type { FirstLine } from './curl-lines.js';
import { toFirstLines } from './curl-lines.js';
import type { Sample } from './start-sample.js';

export function toGreeting(sample: Sample): string {
  const { settings, url, embedded } = sample;
  const sections = [
    'nestjs-descope sample app',
    `  Open ${url}\n  ${toSetUp(sample)}`,
    ...(isLoopback(settings.host) ? [] : [toWarning(sample)]),
    'From another terminal:',
    toPaddedLines(toFirstLines(url, embedded !== undefined)),
    `More lines to paste: curl -s ${url}/calls`,
    'Stop it with Ctrl+C.',
  ];
  return `\n${sections.join('\n\n')}\n\n`;
}

function toSetUp({ settings, embedded }: Sample): string {
  const adapter = settings.adapter === 'fastify' ? 'Fastify' : 'Express';
  const descope = embedded ? 'embedded Descope' : `project ${settings.projectId}`;
  const store = settings.sessionStore === 'cookies' ? 'sessions in cookies' : 'sessions on the server';
  const shared = settings.redisUrl === undefined ? '' : ', shared through Redis';
  return `${adapter}, ${descope}, ${store}${shared}`;
}

function toPaddedLines(lines: readonly FirstLine[]): string {
  const width = Math.max(...lines.map(({ line }) => line.length));
  return lines.map(({ line, comment }) => `  ${line.padEnd(width)}  ${comment}`.trimEnd()).join('\n');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

// Else a sign-in from another machine seems to do nothing.
function toWarning({ embedded, settings }: Sample): string {
  const lines = ['HOST is not loopback:'];
  if (embedded) lines.push('- Anyone who reaches this machine can sign in as any of the seeded people.');
  if (settings.sessionStore === 'cookies')
    lines.push(
      '- Cookies are Secure: over plain http, browsers keep a session on 127.0.0.1 only. Put https in front.',
    );
  return lines.join('\n');
}

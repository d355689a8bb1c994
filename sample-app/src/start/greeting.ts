// What the terminal says once the sample app listens: where it is, who there is, and calls to paste.
import { describeAccess, formatAccess } from 'nestjs-descope/inspect';
import { PEOPLE } from '../embedded/people.js';
import { toCallList } from './curl-lines.js';
import type { Sample } from './start-sample.js';

export async function toGreeting(sample: Sample): Promise<string> {
  const { embedded, settings } = sample;
  const sections = [
    toHeading(sample),
    ...(embedded ? [toPeopleTable(), toOutboxLine(sample)] : []),
    ...(isLoopback(settings.host) ? [] : [toWarning(sample)]),
    toAccessTable(sample),
    await toCallList(sample),
    'Stop it with Ctrl+C.',
  ];
  return `\n${sections.join('\n\n')}\n\n`;
}

function toHeading({ url, settings, embedded }: Sample): string {
  const descope = embedded
    ? `embedded emulator on ${embedded.emulator.url}, fresh keys`
    : `project ${settings.projectId}`;
  const store = settings.sessionStore === 'cookies' ? 'in cookies' : 'on the server';
  const where = settings.redisUrl === undefined ? store : `${store}, shared through Redis`;
  const rows = [
    `Open      ${url}`,
    `Adapter   ${settings.adapter}`,
    `Descope   ${descope}`,
    `Sessions  ${where}`,
  ];
  return ['nestjs-descope sample app', '', ...rows.map((row) => `  ${row}`)].join('\n');
}

function toPeopleTable(): string {
  const rows = PEOPLE.map(
    ({ name, email, roles }) => `  ${name.padEnd(15)}${email.padEnd(20)}${roles.join(', ') || 'no roles'}`,
  );
  return ['On the page, sign in as', '', ...rows].join('\n');
}

function toAccessTable({ app }: Sample): string {
  const rows = formatAccess(describeAccess(app)).split('\n');
  return ['What each route asks', '', ...rows.map((row) => `  ${row}`)].join('\n');
}

function toOutboxLine({ url }: Sample): string {
  return `Or with a code by e-mail, which you find in ${url}/embedded/outbox`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

// Else a sign-in from another machine seems to do nothing.
function toWarning({ embedded, settings }: Sample): string {
  const lines = ['HOST is not loopback:'];
  if (embedded) lines.push('- Anyone who reaches this machine can sign in as any of them.');
  if (settings.sessionStore === 'cookies')
    lines.push(
      '- Cookies are Secure: over plain http, browsers keep a session on 127.0.0.1 only. Put https in front.',
    );
  return lines.join('\n');
}

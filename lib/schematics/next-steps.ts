// What is printed at the end: how the application is run, and what has to be done by hand.
import type { WantedOption } from './edit-module.js';
import { toEntry } from './edit-module.js';
import { COMPOSE_SERVICE, SEED_FILE, SEED_USER } from './emulator-files.js';
import type { Project } from './project.js';

/** Returns how the application is run with the emulator. */
export function toNextSteps({ packageManager }: Project, hasContainer: boolean): string {
  const start = hasContainer
    ? 'docker compose up emulator'
    : `npx nestjs-descope emulator --seed ${SEED_FILE}`;
  return `
Every route needs a session now; @Public() opens one. To try it:

  1. Start the emulator, a Descope for development:
       ${start}
  2. Start the application in another terminal:
       eval "$(npx nestjs-descope emulator --env)"
       ${packageManager} run start
  3. Call it in a third one, without a token (401) and with one:
       curl -i http://localhost:3000/
       TOKEN=$(npx nestjs-descope emulator --token ${SEED_USER})
       curl -i -H "Authorization: Bearer $TOKEN" http://localhost:3000/

A project at Descope needs DESCOPE_PROJECT_ID only.
`;
}

/** Returns what becomes of tests that send no token. */
export function toTestNote(files: readonly string[]): string {
  return `${files.join(', ')} calls routes without a token, which is a 401 now: see docs/testing.md of the package.`;
}

/** Returns what has to be added to a root module by hand. */
export function toModuleByHand(where: string, reason: string, options: readonly WantedOption[]): string {
  const entry = toEntry('DescopeModule', options, '  ').map((line) => `      ${line}`);
  return `
${where} is unchanged: ${reason}. Add to the root module:

  import { DescopeModule } from 'nestjs-descope';

  @Module({
    imports: [
${entry.join('\n')},
    ],
  })
`;
}

/** Returns what has to be added to a compose file by hand. */
export function toServiceByHand(file: string): string {
  return `\n${file} is unchanged. Add to its services:\n\n${COMPOSE_SERVICE}`;
}

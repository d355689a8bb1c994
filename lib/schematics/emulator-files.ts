// The files for the emulator: the variables of the application, the users to begin with, and a container.
import type { ProjectTree } from './project-tree.js';
import { readText, toLineBreak } from './project-tree.js';

const ENV_FILE = '.env.example';
/** The file with the users of the emulator. */
export const SEED_FILE = 'descope-seed.json';
/** The user of the seed that the next steps call as. */
export const SEED_USER = 'admin@example.com';
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

// Those of the emulator: an application that copies them runs without a project.
const VARIABLES = [
  ['DESCOPE_PROJECT_ID', 'P2emulator00000000000000000A'],
  ['DESCOPE_BASE_URI', 'http://127.0.0.1:4400'],
  ['DESCOPE_MANAGEMENT_KEY', 'K2emulator-management-key'],
] as const;

const ENV_HEADING = `# Descope. These values are for the emulator: npx nestjs-descope emulator --seed ${SEED_FILE}
# A project at Descope needs its own DESCOPE_PROJECT_ID only. Keep a management key out of version control.`;

const SEED = `{
  "users": [
    { "loginId": "${SEED_USER}", "password": "Correct-horse-1", "roles": ["admin"] },
    { "loginId": "user@example.com", "password": "Correct-horse-1" }
  ]
}
`;

/** The service of the emulator, as it stands in a compose file. */
export const COMPOSE_SERVICE = `  emulator:
    image: node:22-slim
    init: true
    user: node
    working_dir: /app
    command: node_modules/.bin/nestjs-descope emulator --host 0.0.0.0 --allow-remote --seed ${SEED_FILE}
    volumes:
      - ./node_modules:/app/node_modules:ro
      - ./${SEED_FILE}:/app/${SEED_FILE}:ro
    ports:
      - '127.0.0.1:4400:4400' # for this machine only: the emulator signs anyone in
    healthcheck:
      test:
        - CMD
        - node
        - -e
        - "fetch('http://127.0.0.1:4400/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"
      interval: 5s
      start_period: 10s
`;

/** Writes the variables that are missing to `.env.example`. */
export function addVariables(tree: ProjectTree): void {
  const text = readText(tree, ENV_FILE);
  const missing = VARIABLES.filter(([name]) => !hasVariable(text ?? '', name));
  if (missing.length === 0) return;
  const lines = missing.map(([name, value]) => `${name}=${value}`);
  const added = [...(missing.length === VARIABLES.length ? [ENV_HEADING] : []), ...lines, ''].join('\n');
  if (text === undefined) {
    tree.create(ENV_FILE, added);
    return;
  }
  const lineBreak = toLineBreak(text);
  const before = text === '' || text.endsWith('\n') ? text : text + lineBreak;
  tree.overwrite(ENV_FILE, before + (before === '' ? '' : lineBreak) + added.replaceAll('\n', lineBreak));
}

/** Writes the users of the emulator, unless there are some. */
export function addSeed(tree: ProjectTree): void {
  if (!tree.exists(SEED_FILE)) tree.create(SEED_FILE, SEED);
}

/** Writes a compose file with the emulator. Returns the file that is there already and has no such service. */
export function addComposeFile(tree: ProjectTree): string | undefined {
  const existing = COMPOSE_FILES.find((file) => tree.exists(file));
  if (existing === undefined) {
    tree.create(
      'compose.yaml',
      `# For development: docker compose up emulator\nservices:\n${COMPOSE_SERVICE}`,
    );
    return undefined;
  }
  return readText(tree, existing)?.includes('nestjs-descope emulator') ? undefined : existing;
}

// A line that is commented out counts: somebody decided about it.
function hasVariable(text: string, name: string): boolean {
  return new RegExp(`^[ \\t]*#?[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=`, 'm').test(text);
}

// Takes the backticks off the examples of the API reference: editors need them in JSDoc, where `@` begins a tag.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('api/', import.meta.url));
for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.md')) continue;
  const text = readFileSync(folder + name, 'utf8');
  writeFileSync(folder + name, text.replaceAll(/```ts\n`([^`]+)`\n```/g, '```ts\n$1\n```'));
}

// A Dockerfile as a runtime reads it: its stages, and what each starts.

/** One stage. */
export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly user: string | undefined;
  readonly ports: readonly number[];
  readonly variables: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** The command of its health check. */
  readonly health: readonly string[];
  /** What is copied from other stages. */
  readonly sources: readonly string[];
}

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Reads the stages of a Dockerfile; throws for an instruction that it does not know. */
export function readStages(text: string): ReadonlyMap<string, Stage> {
  const stages: { readonly head: string; readonly instructions: Instruction[] }[] = [];
  for (const { name, text: rest } of readInstructions(text)) {
    if (name === 'FROM') stages.push({ head: rest, instructions: [] });
    else stages.at(-1)?.instructions.push({ name, text: rest });
  }
  return new Map(
    stages.map(({ head, instructions }) => toStage(head, instructions)).map((stage) => [stage.name, stage]),
  );
}

const KNOWN = 'FROM WORKDIR COPY RUN ENV USER EXPOSE HEALTHCHECK ENTRYPOINT CMD'.split(' ');

function readInstructions(text: string): Instruction[] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (!KNOWN.includes(name)) throw new Error(`Not an instruction: ${line}`);
    return { name, text: rest.trim() };
  });
}

function toStage(head: string, instructions: readonly Instruction[]): Stage {
  const [, image = '', name = ''] = /^(\S+) AS (\S+)$/.exec(head) ?? [];
  const all = (wanted: string) => instructions.filter((one) => one.name === wanted).map(({ text }) => text);
  const [health = 'CMD []'] = all('HEALTHCHECK').map((text) => text.replace(/^(?:--\S+\s+)*/, ''));
  return {
    name,
    image,
    user: all('USER').at(-1),
    ports: all('EXPOSE').map(Number),
    variables: Object.fromEntries(
      all('ENV').flatMap((text) => text.split(' ').map((pair) => pair.split('=', 2) as [string, string])),
    ),
    entrypoint: toWords(all('ENTRYPOINT').at(-1)),
    command: toWords(all('CMD').at(-1)),
    health: toWords(health.replace(/^CMD\s+/, '')),
    sources: all('COPY').flatMap((text) => /--from=(\S+)/.exec(text)?.[1] ?? []),
  };
}

// Only the form that starts no shell, which would keep signals from the program.
function toWords(text = '[]'): readonly string[] {
  const words: unknown = JSON.parse(text);
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new Error(`Not a list of words: ${text}`);
}

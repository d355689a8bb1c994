// The specs of one part as one file, so that a mutant loads Nest and the package once and not once for each of them.
for (const spec of process.env.MUTATION_SPECS.split(',')) await import(`../../${spec}.spec.ts`);

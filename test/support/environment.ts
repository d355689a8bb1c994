// DESCOPE_* variables for one test.

/** Sets these DESCOPE_* variables, and no other ones. */
export function setEnvironment(variables: Readonly<Record<string, string>>): void {
  clearEnvironment();
  Object.assign(process.env, variables);
}

/** Takes all DESCOPE_* variables away. */
export function clearEnvironment(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('DESCOPE_')) delete process.env[name];
  }
}

// Says at the end of `npm test` what it leaves out, because that needs more than Node.
const LEFT_OUT = {
  package: 'the packed package in programs of Nest 11 and 12 (needs the npm registry)',
  browser: 'signing in through a real browser (needs Chromium)',
  services: 'several instances and gateways (needs redis-server and nginx)',
  faults: 'an application in its own process under faults (takes a few minutes)',
};

export default class LeftOutReporter {
  onRunComplete(contexts) {
    const names = [...contexts].map(({ config }) => config.displayName?.name);
    if (!names.includes('unit')) return;
    const rows = Object.entries(LEFT_OUT).filter(([name]) => !names.includes(name));
    const lines = rows.map(([name, what]) => `  npm run ${`test:${name}`.padEnd(13)}  ${what}`);
    process.stderr.write(`\nLeft out here, each with a command of its own:\n${lines.join('\n')}\n`);
  }
}

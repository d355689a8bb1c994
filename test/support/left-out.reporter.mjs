// Says at the end of `npm test` what it leaves out, because that needs more than Node.
const LEFT_OUT = {
  'test:package': 'the packed package in programs of Nest 11 and 12 (needs the npm registry)',
  'test:browser': 'signing in through a real browser (needs Chromium)',
  'test:services': 'several instances and gateways (needs redis-server and nginx)',
  'test:faults': 'an application in its own process under faults (takes a few minutes)',
};

export default class LeftOutReporter {
  onRunComplete() {
    const lines = Object.entries(LEFT_OUT).map(([name, what]) => `  npm run ${name.padEnd(13)}  ${what}`);
    process.stderr.write(`\nLeft out here, each with a command of its own:\n${lines.join('\n')}\n`);
  }
}

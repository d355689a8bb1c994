// The environment of tests is Node itself: no context of `vm`, whose every spec would load Nest and the library anew.
const { ModuleMocker } = require('jest-mock');

const { console: ownConsole } = globalThis;
const { exit } = process;

module.exports = class NodeItself {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  fakeTimersModern = null;

  async setup() {}

  // Jest puts both in place again for every spec.
  async teardown() {
    globalThis.console = ownConsole;
    process.exit = exit;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return null;
  }
};

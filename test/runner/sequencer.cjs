// Begins with the longest specs, also in a fresh clone, where Jest knows of no durations yet: one that began last would
// keep a processor idle. Those that mostly wait stand between those that are busy.
const { default: Sequencer } = require('@jest/test-sequencer');

const LONGEST = [
  'e2e/attacks/attacks',
  'e2e/service/descope-revocations',
  'e2e/session/sign-out',
  'e2e/context/interleaved',
  'e2e/session/shared-stores',
  'unit/memory',
  'docs/blocks',
  'unit/core/channel/channel-sharing',
  'e2e/emulator/coverage',
  'e2e/session/bearer-sign-out',
  'e2e/session/clock-skew',
  'package/typed-programs',
  'e2e/docs/commands',
  'e2e/emulator/command',
  'e2e/session/routes',
  'e2e/session/ended-tokens',
  'e2e/session/shared-channel',
  'e2e/resilience/outage',
  'package/public-api',
  'unit/differential',
  'browser/start-page',
  'browser/journey',
  'package/installed/examples',
  'package/installed/nest-12',
  'package/installed/nest-11',
  'package/sample-app',
];
const rank = ({ path }) => LONGEST.findIndex((name) => path.endsWith(`${name}.spec.ts`)) >>> 0; // others: last

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
};

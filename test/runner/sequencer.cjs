// Begins with the longest specs, also in a fresh clone, where Jest knows of no durations yet: one that began last would
// keep a processor idle.
const { default: Sequencer } = require('@jest/test-sequencer');

const LONGEST = [
  'e2e/attacks/attacks',
  'unit/memory',
  'package/readme',
  'package/typed-programs',
  'e2e/session/clock-skew',
  'e2e/session/sign-out',
  'e2e/session/routes',
  'e2e/resilience/outage',
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

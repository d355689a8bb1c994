// Jest's Node environment, and after the first test that fails the rest of the file is skipped: the mutant is found out.
const { TestEnvironment } = require('jest-environment-node');

module.exports = class BailEnvironment extends TestEnvironment {
  handleTestEvent(event, state) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') skipRest(state.rootDescribeBlock);
  }
};

function skipRest(block) {
  for (const child of block.children) {
    if (child.type === 'describeBlock') skipRest(child);
    else if (child.status === null && child.startedAt === null) child.mode = 'skip';
  }
}

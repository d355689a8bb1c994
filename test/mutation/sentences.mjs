// Leaves out what is said to people: a text of several words is a message, and no test should ask for its wording.
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

const SENTENCE = /[a-z"'’)]+[,;:]? [a-z"'(@{]|\.$/;

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'sentences', {
    shouldIgnore(path) {
      const text = readLiteral(path.node);
      return text !== undefined && SENTENCE.test(text) && text.includes(' ') ? 'a message' : undefined;
    },
  }),
];

function readLiteral(node) {
  if (node.type === 'StringLiteral') return node.value;
  if (node.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.raw).join('x');
  return undefined;
}

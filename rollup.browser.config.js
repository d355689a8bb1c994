// Turns the login page's browser code into a module that holds it as a string, which every build, bundler and test runner
// serves unchanged: `npm run build:browser`, after each change of it.
import ts from 'typescript';

const FOLDER = 'lib/routes/browser';
const { config } = ts.readConfigFile(`${FOLDER}/tsconfig.json`, ts.sys.readFile);
const { options: compilerOptions } = ts.parseJsonConfigFileContent(config, ts.sys, FOLDER);

export default {
  input: `${FOLDER}/flow.ts`,
  plugins: [
    {
      name: 'typescript',
      transform: (code, fileName) => ts.transpileModule(code, { compilerOptions, fileName }).outputText,
    },
  ],
  output: {
    file: `${FOLDER}/flow-script.ts`,
    format: 'iife',
    name: 'browser',
    plugins: [{ name: 'string', renderChunk: toStringModule }],
  },
};

function toStringModule(code) {
  const text = code.trim().replace(/[\\`]|\$\{/g, '\\$&');
  return `// The compiled browser code, as it stands in the login page: made by \`npm run build:browser\` from flow.ts.\nexport const FLOW_SCRIPT: string = \`${text}\`;\n`;
}

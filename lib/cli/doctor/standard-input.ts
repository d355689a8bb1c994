// The standard input of the command, which is a file, another command, or a person at a terminal.
import type { Readable, Writable } from 'node:stream';

/**
 * Reads the standard input to its end. At a terminal it prints a prompt to the standard error, and stops after the first
 * line that is not empty: there Ctrl+D behind a text sends the text, and only a second one would end the input.
 */
export async function readStandardInput(
  input: Readable & { readonly isTTY?: boolean },
  errors: Writable,
): Promise<string> {
  const isTerminal = input.isTTY === true;
  if (isTerminal) errors.write('Paste the session token, then press Ctrl+D:\n');
  let text = '';
  for await (const chunk of input.setEncoding('utf8')) {
    text += String(chunk);
    if (isTerminal && text.trim() !== '') break;
  }
  if (isTerminal && text !== '' && !text.endsWith('\n')) errors.write('\n'); // the terminal shows the text itself
  return text;
}

// Insertions into source code that keep its formatting: into lists of elements or properties, and behind lines.
import type * as ts from 'typescript';
import { toLineBreak } from './project-tree.js';

const MAX_COLUMNS = 80; // as Prettier's default, which is what Nest's projects have

/** Replaces the characters from `start` to `end`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A list in brackets or braces: an array, an object, or a list of arguments. */
export interface ListPlace {
  readonly items: ts.NodeArray<ts.Node>;
  /** The offset behind the opening bracket, and that of the closing one. */
  readonly open: number;
  readonly close: number;
  /** A space within braces, nothing within brackets. */
  readonly padding: '' | ' ';
}

/** Applies edits that do not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  return [...edits]
    .sort((one, other) => other.start - one.start)
    .reduce((result, { start, end, text: by }) => result.slice(0, start) + by + result.slice(end), text);
}

/** Appends an item to a list, on a line of its own if the others have one. `lines` is the item, indented from its first line. */
export function appendItem(text: string, list: ListPlace, lines: readonly string[]): readonly TextEdit[] {
  const inner = text.slice(list.open, list.close);
  const isMultiLine = inner.includes('\n');
  if (list.items.length === 0) return fillEmpty(text, list, lines);
  return isMultiLine ? appendLine(text, list, lines) : appendWithin(text, list, lines);
}

/** Indents every line but the first, and joins them. */
export function joinLines(lines: readonly string[], indent: string, lineBreak: string): string {
  return lines.map((line, index) => (index === 0 ? line : indent + line)).join(lineBreak);
}

/** Returns the indentation of the line that an offset is in. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))?.[0] ?? '';
}

/** Returns one step of indentation, which the first indented line shows. */
export function toIndentStep(text: string): string {
  return /^(\t| {2,4})\S/m.exec(text)?.[1] ?? '  ';
}

function fillEmpty(
  text: string,
  { open, close, padding }: ListPlace,
  lines: readonly string[],
): readonly TextEdit[] {
  const inner = text.slice(open, close);
  const lineBreak = toLineBreak(text);
  const indent = indentAt(text, open);
  const item = indent + toIndentStep(text);
  if (inner.trim() !== '' && inner.includes('\n')) {
    const start = text.lastIndexOf('\n', close) + 1; // below what comments say
    const added = `${item}${joinLines(lines, item, lineBreak)},${lineBreak}`;
    return text.slice(start, close).trim() === ''
      ? [insert(start, added)]
      : [insert(close, `${lineBreak}${added}${indent}`)];
  }
  const comment = inner.trim() === '' ? '' : ` ${inner.trim()}`;
  const added =
    lines.length === 1
      ? `${padding}${lines.join('')}${comment}${padding}`
      : `${comment}${lineBreak}${item}${joinLines(lines, item, lineBreak)},${lineBreak}${indent}`;
  return [{ start: open, end: close, text: added }];
}

function appendLine(
  text: string,
  { items, close }: ListPlace,
  lines: readonly string[],
): readonly TextEdit[] {
  const last = items[items.length - 1] as ts.Node;
  const lineBreak = toLineBreak(text);
  const start = text.lastIndexOf('\n', close) + 1;
  const indent = indentAt(text, last.getStart());
  const item = joinLines(lines, indent, lineBreak);
  const comma = items.hasTrailingComma ? '' : ',';
  const isClosedBelow = start > last.getEnd() && text.slice(start, close).trim() === '';
  if (!isClosedBelow)
    return [
      insert(items.hasTrailingComma ? items.end : last.getEnd(), `${comma}${lineBreak}${indent}${item}`),
    ];
  const added = insert(start, `${indent}${item}${items.hasTrailingComma ? ',' : ''}${lineBreak}`);
  return items.hasTrailingComma ? [added] : [insert(last.getEnd(), ','), added];
}

// On one line, as long as it fits; then each item on its own.
function appendWithin(text: string, list: ListPlace, lines: readonly string[]): readonly TextEdit[] {
  const { items } = list;
  const last = items[items.length - 1] as ts.Node;
  const texts = items.map((item) => item.getText());
  const fits = lines.length === 1 && fitsOneLine(text, list, [...texts, ...lines].join(', '));
  if (!fits && !hasComment(text, list)) return [toOwnLines(text, list, [...texts, lines])];
  const added = joinLines(lines, indentAt(text, list.open), toLineBreak(text));
  return items.hasTrailingComma ? [insert(items.end, ` ${added}`)] : [insert(last.getEnd(), `, ${added}`)];
}

/** Replaces an item of a list. One of several lines gets lines of its own, and the others, too. */
export function replaceItem(
  text: string,
  list: ListPlace,
  { item, lines }: { readonly item: ts.Node; readonly lines: readonly string[] },
): TextEdit {
  const isOneLine = !text.slice(list.open, list.close).includes('\n') && !hasComment(text, list);
  if (lines.length > 1 && isOneLine)
    return toOwnLines(
      text,
      list,
      list.items.map((each) => (each === item ? lines : each.getText())),
    );
  const by = joinLines(lines, indentAt(text, item.getStart()), toLineBreak(text));
  return { start: item.getStart(), end: item.getEnd(), text: by };
}

/** Whether a list fits on its line, if its content is replaced. */
export function fitsOneLine(text: string, { open, close, padding }: ListPlace, content: string): boolean {
  const before = open - (text.lastIndexOf('\n', open) + 1);
  const after = /^[^\r\n]*/.exec(text.slice(close))?.[0].length ?? 0;
  return before + content.length + 2 * padding.length + after <= MAX_COLUMNS;
}

/** Whether there is a comment in a list. */
export function hasComment(text: string, { open, close }: ListPlace): boolean {
  return /\/[/*]/.test(text.slice(open, close));
}

function toOwnLines(
  text: string,
  { open, close }: ListPlace,
  items: readonly (string | readonly string[])[],
): TextEdit {
  const lineBreak = toLineBreak(text);
  const indent = indentAt(text, open);
  const inner = indent + toIndentStep(text);
  const lines = items.map((item) => `${inner}${joinLines([item].flat(), inner, lineBreak)},${lineBreak}`);
  return { start: open, end: close, text: `${lineBreak}${lines.join('')}${indent}` };
}

function insert(offset: number, text: string): TextEdit {
  return { start: offset, end: offset, text };
}

// Replies of Redis: texts or bytes, lists or maps, as the client and its protocol (RESP2, RESP3) give them.
import type { LogHead, LogPosition, LogRecord } from '../core/channel/channel.js';

/** Reads a string; `undefined` for what is neither text nor bytes nor a number. */
export function readReplyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;
}

/** Reads the head of a log. Throws if the reply is none. */
export function requireHead(reply: unknown): LogHead {
  const [epoch, number] = readList(reply).map(readReplyText);
  if (epoch === undefined || number === undefined) throw unexpected();
  return { epoch, number: readNumber(number) ?? 0 };
}

/** Reads the position that `HMGET epoch number id` returns: of an empty log, if there is none. */
export function toPosition(reply: unknown): LogPosition {
  const [epoch = '', number, cursor = '0-0'] = readList(reply).map(readReplyText);
  return { epoch, number: readNumber(number) ?? 0, cursor };
}

/** Reads a list of texts. Throws if the reply is none. */
export function requireTexts(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw unexpected();
  return reply.map(readReplyText);
}

/** Reads the records that `XREAD` returns for one stream; an empty list if it returns none. */
export function readRecords(reply: unknown): readonly LogRecord[] {
  return readList(readFirstStream(reply)).map((item) => {
    const [id, fields] = readList(item);
    return toRecord(readReplyText(id), toFields(fields));
  });
}

function toRecord(cursor: string | undefined, fields: ReadonlyMap<unknown, unknown>): LogRecord {
  if (cursor === undefined) throw unexpected();
  const [epoch, number] = [
    readReplyText(fields.get('epoch')),
    readNumber(readReplyText(fields.get('number'))),
  ];
  const entries = readReplyText(fields.get('entries'));
  // A record without a number is as one of another log: all is read anew.
  const head = epoch === undefined || number === undefined ? { epoch: '', number: 0 } : { epoch, number };
  const previous = readReplyText(fields.get('previous')) ?? '';
  return {
    position: { ...head, cursor },
    previous,
    texts: entries?.split(' ').filter((text) => text !== ''),
  };
}

// Of `[[stream, records]]`, or of a map by the name of the stream.
function readFirstStream(reply: unknown): unknown {
  if (reply instanceof Map) return [...(reply as Map<unknown, unknown>).values()][0];
  if (!Array.isArray(reply))
    return typeof reply === 'object' && reply !== null ? Object.values(reply)[0] : [];
  const [first, second] = reply as readonly unknown[];
  return Array.isArray(first) ? (first as readonly unknown[])[1] : second;
}

function toFields(value: unknown): ReadonlyMap<unknown, unknown> {
  if (value instanceof Map)
    return new Map([...(value as Map<unknown, unknown>)].map(([name, item]) => [readReplyText(name), item]));
  if (!Array.isArray(value))
    return new Map(Object.entries(typeof value === 'object' && value !== null ? value : {}));
  const list = value as readonly unknown[];
  return new Map(
    list.flatMap((name, at) => (at % 2 === 0 ? [[readReplyText(name), list[at + 1]] as const] : [])),
  );
}

function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function readNumber(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

function unexpected(): Error {
  return new Error('Redis answered with something else than what was asked.');
}

// An entry of the access map → what it demands, in words.
import type { AccessMapDemand, AccessMapEntry } from 'nestjs-descope/inspect';

export function toDemandText({ access, demands }: AccessMapEntry): string {
  if (access === 'public') return 'anybody';
  if (access === 'optional') return 'anybody, signed in or not';
  const texts = demands.map(toText).filter((text) => text !== '');
  return texts.length === 0 ? 'any signed-in user' : texts.join(', ');
}

// Roles in a tenant say so themselves; the demand of the tenant beside them adds nothing.
function toText({ kind, names, match, tenant }: AccessMapDemand): string {
  if (kind === 'tenant') return '';
  const singular = NOUNS.get(kind);
  if (singular === undefined || !Array.isArray(names)) return kind;
  const list = names.map(String).join(match === 'all' ? ' and ' : ' or ');
  return `${singular} ${list}${tenant === undefined ? '' : ' in this tenant'}`;
}

const NOUNS = new Map([
  ['roles', 'role'],
  ['permissions', 'permission'],
  ['scopes', 'scope'],
]);

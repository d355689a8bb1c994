// Step: the same guard before a GraphQL server.
import type { AccessMap, AccessMapEntry } from 'nestjs-descope/inspect';
import { toDemandText } from '../demand.js';
import { html } from '../html.js';
import type { StartPage } from '../start-page.js';
import type { Step } from '../step.js';
import type { TryRow } from '../try-row.js';
import { renderTryRows } from '../try-row.js';

export function toGraphqlStep({ accessMap }: StartPage): Step {
  return {
    id: 'graphql',
    title: 'GraphQL',
    lead: html`Each query and mutation at <code>/graphql</code> has its own demand. A rejection is one of the
      <code>errors</code> of the response, whose status stays 200.`,
    content: renderTryRows(
      'Queries and mutations',
      OPERATIONS.map(({ field, query }) => toRow(findEntry(accessMap, field), query)),
    ),
    code: `@Roles('admin')
@Mutation(() => Boolean)
cancelOrder(@Args('id', { type: () => ID }) id: string) {`,
  };
}

const OPERATIONS = [
  { field: 'products', query: '{ products }' },
  { field: 'orders', query: '{ orders { id product } }' },
  { field: 'cancelOrder', query: 'mutation { cancelOrder(id: 1) }' },
];

function findEntry(accessMap: AccessMap, field: string): AccessMapEntry {
  const entry = accessMap.find(({ kind, path }) => kind === 'graphql' && path === field);
  if (entry !== undefined) return entry;
  throw new Error(`There is no field ${field}.`);
}

function toRow(entry: AccessMapEntry, query: string): TryRow {
  return {
    label: entry.method.toLowerCase(),
    text: query.replace(/^mutation /, ''),
    demand: toDemandText(entry),
    request: { method: 'POST', path: '/graphql', body: { query } },
  };
}

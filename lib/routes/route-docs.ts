// What Swagger is told of the routes: its own metadata, written without importing it, read where it is installed.

/** What a route is for, what it takes, and what it answers. */
export interface RouteDocs {
  readonly summary: string;
  /** The JSON body, as an OpenAPI schema. */
  readonly body?: object;
  /** Query parameters by name. */
  readonly query?: Readonly<Record<string, string>>;
  /** Descriptions by status. */
  readonly answers: Readonly<Record<number, string>>;
}

const OPERATION = 'swagger/apiOperation';
const RESPONSE = 'swagger/apiResponse';
const PARAMETERS = 'swagger/apiParameters';
const TAGS = 'swagger/apiUseTags';

/** Notes what a route's method is for. */
export function noteRouteDocs(method: object, docs: RouteDocs): void {
  const answers = Object.entries(docs.answers).map(([status, description]) => [status, { description }]);
  const query = Object.entries(docs.query ?? {}).map(([name, description]) => {
    return { in: 'query', name, description, required: false, schema: { type: 'string' } };
  });
  const body =
    docs.body === undefined ? [] : [{ in: 'body', required: true, type: String, schema: docs.body }];
  Reflect.defineMetadata(OPERATION, { summary: docs.summary }, method);
  Reflect.defineMetadata(RESPONSE, Object.fromEntries(answers), method);
  Reflect.defineMetadata(PARAMETERS, [...query, ...body], method);
}

/** Notes under which heading the routes stand. */
export function noteTag(controller: object, tag: string): void {
  Reflect.defineMetadata(TAGS, [tag], controller);
}

const text = { type: 'string' };

/** The body of a sign-in. */
export const TOKENS_BODY = { type: 'object', properties: { sessionJwt: text, refreshJwt: text } };

/** The body that selects a tenant. */
export const TENANT_BODY = { type: 'object', properties: { tenant: text }, required: ['tenant'] };

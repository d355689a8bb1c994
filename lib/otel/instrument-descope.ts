// Events on `node:diagnostics_channel` → metrics of OpenTelemetry, and attributes of the active span.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Attributes, Meter, MeterProvider, Span } from '@opentelemetry/api';
import { metrics, trace } from '@opentelemetry/api';
import type { DescopeEvents } from '../core/events.js';
import { DESCOPE_CHANNELS } from '../core/events.js';

/** The options of `instrumentDescope`. All are optional. */
export interface DescopeTelemetryOptions {
  /**
   * The provider of the meter.
   * @defaultValue the global one, when `instrumentDescope` is called
   */
  readonly meterProvider?: MeterProvider;
  /**
   * Whether the active span of a request gets the attributes `enduser.id`, `descope.caller.kind` and
   * `descope.caller.tenant`, or `descope.rejection.code`.
   * @defaultValue `true`
   */
  readonly spans?: boolean;
}

/** What `instrumentDescope` has started. */
export interface DescopeTelemetry {
  /** Ends it: nothing more is recorded. */
  stop(): void;
}

const NAME = 'nestjs-descope';

// Those of OpenTelemetry's durations of HTTP requests; the SDK's own are for milliseconds.
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Records what the guards and the calls to Descope do, in all applications of the process: counters and histograms, whose
 * attributes have few values and none of a caller, and attributes of spans. Call it once, after the SDK of OpenTelemetry has
 * been started. No token and no claim but the id, the kind and the current tenant of a caller is recorded.
 * @returns what ends it
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/enduser/
 * @example
 * const telemetry = instrumentDescope();
 * const app = await NestFactory.create(AppModule);
 */
export function instrumentDescope(options: DescopeTelemetryOptions = {}): DescopeTelemetry {
  const { meterProvider, spans = true } = options;
  const meter = meterProvider === undefined ? metrics.getMeter(NAME) : meterProvider.getMeter(NAME);
  const record = createRecorders(meter);
  const listeners = [
    listen('accepted', (event) => {
      record.accepted(event);
      if (spans) describeCaller(trace.getActiveSpan(), event);
    }),
    listen('rejected', (event) => {
      record.rejected(event);
      if (spans) trace.getActiveSpan()?.setAttribute('descope.rejection.code', event.code);
    }),
    listen('keysFetched', record.keysFetched),
    listen('keysStale', record.keysStale),
    listen('refresh', record.refresh),
    listen('exchange', record.exchange),
    listen('outage', record.outage),
  ];
  return {
    stop: () => {
      for (const stop of listeners.splice(0)) stop();
    },
  };
}

type Recorders = { readonly [Name in keyof DescopeEvents]: (event: DescopeEvents[Name]) => void };

// Attributes have a handful of values each: ids of callers would make a time series of each.
function createRecorders(meter: Meter): Recorders {
  const decisions = meter.createCounter('descope.access.decisions', {
    description: 'Requests that a guard has accepted or rejected',
    unit: '{request}',
  });
  const outages = meter.createCounter('descope.outages', {
    description: 'Failed calls to Descope, the store or the channel',
    unit: '{call}',
  });
  const durationOf = (name: string, description: string) => {
    const histogram = meter.createHistogram(name, {
      description,
      unit: 's',
      advice: { explicitBucketBoundaries: SECONDS },
    });
    return (durationMs: number, attributes: Attributes) => histogram.record(durationMs / 1000, attributes);
  };
  const refreshes = durationOf('descope.refresh.duration', 'Duration of refreshes of sessions');
  const exchanges = durationOf(
    'descope.exchange.duration',
    'Duration of exchanges of keys and client credentials',
  );
  const fetches = durationOf('descope.keys.fetch.duration', "Duration of fetches of the project's keys");
  const of = ({ projectId }: { readonly projectId: string }) => ({ 'descope.project.id': projectId });
  return {
    accepted: (event) =>
      decisions.add(1, {
        ...of(event),
        outcome: 'accepted',
        'descope.caller.kind': event.kind ?? 'anonymous',
      }),
    rejected: (event) => decisions.add(1, { ...of(event), outcome: 'rejected', 'error.type': event.code }),
    keysFetched: (event) => fetches(event.durationMs, { ...of(event), outcome: 'fetched' }),
    keysStale: (event) => fetches(event.durationMs, { ...of(event), outcome: 'failed' }),
    refresh: (event) => refreshes(event.durationMs, { ...of(event), outcome: event.outcome }),
    exchange: (event) =>
      exchanges(event.durationMs, { ...of(event), outcome: event.outcome, direction: event.direction }),
    outage: (event) => outages.add(1, { ...of(event), 'error.type': event.code }),
  };
}

function describeCaller(span: Span | undefined, { userId, kind, tenant }: DescopeEvents['accepted']): void {
  if (span === undefined || userId === undefined || kind === undefined) return;
  span.setAttribute('enduser.id', userId);
  span.setAttribute('descope.caller.kind', kind);
  if (tenant !== undefined) span.setAttribute('descope.caller.tenant', tenant);
}

function listen<Name extends keyof DescopeEvents>(
  name: Name,
  run: (event: DescopeEvents[Name]) => void,
): () => void {
  const listener = (message: unknown): void => run(message as DescopeEvents[Name]);
  const channel = DESCOPE_CHANNELS[name];
  subscribe(channel, listener);
  return () => void unsubscribe(channel, listener);
}

// Metrics and span attributes of OpenTelemetry, with exporters in memory and for Prometheus.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { DescopeModule, Public, Roles } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';
import type { DescopeTelemetry } from 'nestjs-descope/otel';
import { instrumentDescope } from 'nestjs-descope/otel';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Controller('orders')
class OrdersController {
  @Get()
  list() {
    return [];
  }

  @Roles('admin')
  @Get('all')
  all() {
    return [];
  }

  @Public()
  @Get('open')
  open() {
    return [];
  }
}

const spanExporter = new InMemorySpanExporter();
const tracer = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(spanExporter)],
}).getTracer('test');

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());

describe.each(ADAPTERS)('The telemetry of an application on %s', (adapter) => {
  const descope = createTestDescope();
  const ada = descope.as({ sub: 'U2ada', email: 'ada@example.com', dct: 'acme', tenants: { acme: {} } });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  let reader: PeriodicExportingMetricReader;
  let telemetry: DescopeTelemetry | undefined;
  let running: RunningApplication;

  beforeEach(async () => {
    exporter.reset();
    spanExporter.reset();
    reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    running = await start(
      adapter,
      { imports: [DescopeModule.forRoot({ audience: null })], controllers: [OrdersController] },
      {
        override: (builder) => descope.override(builder),
        configure: (app) =>
          app.use(
            (
              _request: unknown,
              response: { on: (name: string, run: () => void) => void },
              next: () => void,
            ) =>
              tracer.startActiveSpan('request', (span) => {
                response.on('finish', () => span.end());
                next();
              }),
          ),
      },
    );
  });
  afterEach(async () => {
    telemetry?.stop();
    await reader.shutdown();
    await running.close();
  });

  const get = (path: string, token?: string) =>
    running.request(path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  const readMetrics = async () => {
    await reader.forceFlush();
    const [latest] = exporter.getMetrics().slice(-1);
    return (latest?.scopeMetrics ?? []).flatMap(({ metrics }) =>
      metrics.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, attributes, value })),
      ),
    );
  };

  it('counts decisions by outcome, kind and code, without a value of a caller', async () => {
    telemetry = instrumentDescope({ meterProvider: new MeterProvider({ readers: [reader] }) });
    for (const path of ['/orders', '/orders', '/orders/all', '/orders/open']) await get(path, ada.token);
    await get('/orders');
    await get('/orders', descope.expired().token);
    const of = { 'descope.project.id': descope.projectId };
    expect(await readMetrics()).toEqual(
      [
        [2, { outcome: 'accepted', 'descope.caller.kind': 'user' }],
        [1, { outcome: 'rejected', 'error.type': 'ACCESS_ROLE_MISSING' }],
        [1, { outcome: 'rejected', 'error.type': 'SESSION_MISSING' }],
        [1, { outcome: 'rejected', 'error.type': 'TOKEN_EXPIRED' }],
      ].map(([value, attributes]) => ({
        name: 'descope.access.decisions',
        attributes: { ...of, ...(attributes as object) },
        value,
      })),
    );
    telemetry.stop();
    await get('/orders', ada.token);
    expect((await readMetrics())[0]?.value).toBe(2);
  });

  it('writes the caller, or the code of the rejection, on the span of the request', async () => {
    telemetry = instrumentDescope();
    await get('/orders', ada.token);
    await get('/orders/all', ada.token);
    await get('/orders/open', ada.token);
    const spans = spanExporter.getFinishedSpans().map(({ attributes }) => attributes);
    expect(spans).toEqual([
      { 'enduser.id': 'U2ada', 'descope.caller.kind': 'user', 'descope.caller.tenant': 'acme' },
      { 'descope.rejection.code': 'ACCESS_ROLE_MISSING' },
      {},
    ]);
    expect(JSON.stringify(spans)).not.toMatch(/ada@|eyJ/);
  });

  it('writes nothing on spans where that is off', async () => {
    telemetry = instrumentDescope({ spans: false });
    await get('/orders', ada.token);
    expect(spanExporter.getFinishedSpans().map(({ attributes }) => attributes)).toEqual([{}]);
  });
});

describe('The telemetry of calls to Descope', () => {
  it('has the duration of fetches of keys and of exchanges, and outages, as Prometheus reads them', async () => {
    const prometheus = new PrometheusExporter({ preventServerStart: true });
    const telemetry = instrumentDescope({ meterProvider: new MeterProvider({ readers: [prometheus] }) });
    const cleartext = 'K2cleartextcleartextcleartextcleartext1';
    const emulator = await startEmulator({
      seed: { users: [{ loginId: 'ada@example.com' }], accessKeys: [{ name: 'batch', cleartext }] },
    });
    const { projectId, url: baseUrl } = emulator;
    const running = await start('express', {
      imports: [DescopeModule.forRoot({ projectId, baseUrl, audience: null, accessKeys: true })],
      controllers: [OrdersController],
    });
    try {
      const { sessionJwt } = await emulator.signIn('ada@example.com');
      for (const token of [sessionJwt, cleartext])
        await running.request('/orders', { headers: { authorization: `Bearer ${token}` } });
      emulator.faults.add({ path: '/v1/auth/accesskey/exchange', status: 503 });
      await running.request('/orders', { headers: { authorization: `Bearer ${cleartext}2` } });
      const { resourceMetrics } = await prometheus.collect();
      const text = new PrometheusSerializer().serialize(resourceMetrics);
      expect(text).toMatch(/^descope_keys_fetch_duration_count\{[^}]*outcome="fetched"[^}]*\} 1$/m);
      expect(text).toMatch(/^descope_keys_fetch_duration_bucket\{[^}]*le="0.005"\} [01]$/m);
      expect(text).toMatch(/^descope_exchange_duration_count\{[^}]*outcome="exchanged"[^}]*\} 1$/m);
      expect(text).toMatch(/^descope_access_decisions_total\{[^}]*kind="access-key"[^}]*\} 1$/m);
      expect(text).toMatch(/^descope_outages_total\{[^}]*error_type="DESCOPE_UNAVAILABLE"[^}]*\} [1-9]/m);
      expect(text).not.toContain(cleartext);
    } finally {
      telemetry.stop();
      await running.close();
      await emulator.close();
      await prometheus.shutdown();
    }
  });
});

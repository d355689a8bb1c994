// Which URIs belong to the template of a resource, and how long it takes to know.
import { describe, expect, it } from '@jest/globals';
import { createUriPattern } from '../../../lib/mcp/uri-pattern.js';
import { processorMsOf } from '../../support/processor-time.js';

describe('createUriPattern()', () => {
  it.each([
    ['orders://{id}', 'orders://1', true],
    ['orders://{id}', 'orders://', false],
    ['orders://{id}', 'orders://1/2', false],
    ['orders://{id}', 'other://1', false],
    ['orders://{id}/lines', 'orders://1/lines', true],
    ['orders://{id}/lines', 'orders://1/linesx', false],
    ['a.b://{id}', 'axb://1', false],
    ['files://{+path}', 'files://a/b?c', true],
    ['files://{a}{b}', 'files://ab', true],
    ['files://{a}{b}', 'files://a', false],
    ['files:{/path*}', 'files:/a/b', true],
    ['orders://all{?page,size}', 'orders://all', true],
    ['orders://all{?page,size}', 'orders://all?page=2', true],
    ['orders://all{?page,size}', 'orders://allx', false],
    ['orders://{id}{?page}', 'orders://1?page=2', true],
  ])('compares %s with %s', (template, uri, expected) => {
    expect(createUriPattern(template)(uri)).toBe(expected);
  });

  it.each([8000, 1_000_000])('is quick with %d characters and several variables', (length) => {
    const isOfTemplate = createUriPattern('files://{a}-{b}-{c}-{d}{+e}{?f}x');
    const workMs = processorMsOf(() => {
      expect(isOfTemplate(`files://${'-'.repeat(length)}/`)).toBe(false);
    });
    expect(workMs).toBeLessThan(1000);
  });
});

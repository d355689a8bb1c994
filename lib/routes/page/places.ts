// Where a page's parts come from: the static files and the UI library of a flow.
import type { CheckedFlow } from './flow-options.js';

const CLOUD_STATIC_ORIGINS = ['https://static.descope.com', 'https://static2.descope.com'];
const CLOUD_CDN_ORIGINS = ['https://descopecdn.com', 'https://static.descope.com'];

/** The part of a flow's options that says where things are. */
export type Places = Pick<CheckedFlow, 'baseUrl' | 'baseStaticUrl' | 'baseCdnUrl' | 'mode'>;

// The web component would go on to Descope's cloud when a base URL of one's own lacks a file.
/** The `base-static-url` to give the web component: none for Descope's cloud, where it knows the way. */
export function toStaticUrl({ baseUrl, baseStaticUrl }: Places): string | undefined {
  if (baseStaticUrl !== undefined) return baseStaticUrl;
  return isCloud(baseUrl) ? undefined : `${baseUrl.replace(/\/+$/, '')}/pages`;
}

/** The origins that screens and themes may come from. */
export function toStaticOrigins(places: Places): readonly string[] {
  const staticUrl = toStaticUrl(places);
  return staticUrl === undefined ? CLOUD_STATIC_ORIGINS : [new URL(staticUrl).origin];
}

/** The origins that the UI library may come from. */
export function toCdnOrigins({ baseCdnUrl, mode }: Places): readonly string[] {
  if (mode === 'strict') return [];
  return baseCdnUrl === undefined ? CLOUD_CDN_ORIGINS : [new URL(baseCdnUrl).origin];
}

function isCloud(baseUrl: string): boolean {
  return `.${new URL(baseUrl).hostname}`.endsWith('.descope.com');
}

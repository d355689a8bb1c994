// A real Chromium with a fresh profile for each test, and what it has seen.
import { mkdtempSync, rmSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page, and everything it asked for and complained about. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Whatever the console said, with its kind in front. */
  readonly console: readonly string[];
  /** Every request: its address and its Referer. */
  readonly requests: readonly { readonly url: string; readonly referer: string | undefined }[];
  close(): Promise<void>;
}

/** How the browser looks at the page. */
export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** Starts a browser; fails with a way out where there is none. */
export async function visit({
  width = 1280,
  height = 800,
  colorScheme = 'light',
}: View = {}): Promise<Visit> {
  assertBrowser();
  const profile = mkdtempSync(join(tmpdir(), 'profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    args: ARGUMENTS,
    viewport: { width, height },
    colorScheme,
  });
  context.setDefaultTimeout(10_000);
  const page = context.pages()[0] ?? (await context.newPage());
  const close = async (): Promise<void> => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  };
  return { page, context, close, ...watch(context) };
}

function watch(context: BrowserContext): Pick<Visit, 'console' | 'requests'> {
  const console: string[] = [];
  const requests: { url: string; referer: string | undefined }[] = [];
  context.on('console', (message) => console.push(`${message.type()}: ${message.text()}`));
  context.on('weberror', (error) => console.push(`uncaught: ${error.error().message}`));
  context.on('request', (request) =>
    requests.push({ url: request.url(), referer: request.headers().referer }),
  );
  return { console, requests };
}

function assertBrowser(): void {
  if (existsSync(EXECUTABLE)) return;
  throw new Error(
    `There is no browser at ${EXECUTABLE}, and these tests are nothing without one. On Debian: ` +
      'apt-get update && apt-get install -y chromium. Elsewhere: install Chromium or Chrome, and name its ' +
      'program in the environment variable CHROMIUM.',
  );
}

// A real Chromium for each file, with a fresh profile for each test, and what it has seen.
import { existsSync } from 'node:fs';
import { afterAll } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PATIENCE_MS = 30_000; // a busy machine is no failure
const ARGUMENTS = [
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

/** Opens a window of the browser with a profile of its own, which nobody has used and which is forgotten at its end. */
export type OpenVisit = (view?: View) => Promise<Visit>;

/** A browser for the calling file, which starts with the first visit; fails with a way out where there is none. */
export function useBrowser(): OpenVisit {
  let browser: Browser | undefined;
  afterAll(() => browser?.close());
  return async (view = {}) => {
    if (browser?.isConnected() !== true) browser = await launch();
    return openVisit(browser, view);
  };
}

function launch(): Promise<Browser> {
  assertBrowser();
  // A signal ends this process, and Chromium with it; the handler would close Chromium alone.
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS, handleSIGTERM: false });
}

async function openVisit(
  browser: Browser,
  { width = 1280, height = 800, colorScheme = 'light' }: View,
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  return { page, context, close: () => context.close(), ...watch(context) };
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

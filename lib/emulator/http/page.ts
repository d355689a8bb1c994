// The pages of the emulator: their frame, their style and their headers.
import { createHash } from 'node:crypto';
import type { RouteResponse } from './message.js';

// Browsers apply `form-action` to the redirect that follows the form, too.
/** The source of a Content-Security-Policy that lets a form's response redirect to a URI. */
export function toFormTarget(uri: string): string {
  const { protocol, hostname, origin } = new URL(uri);
  if (origin === 'null') return protocol;
  // An IPv6 address cannot be written there, and of a name with these characters the rest would be a directive.
  return /[[;,']/.test(hostname) ? protocol : origin;
}

/** What a page shows. */
interface Page {
  readonly title: string;
  /** The HTML within `main`; its text is escaped. */
  readonly body: string;
  /** Where its forms and their redirects may go: the directive `form-action`. */
  readonly formAction: string;
}

/** Writes a page without scripts, which no other page may frame. */
export function toPage({ title, body, formAction }: Page): Pick<RouteResponse, 'body' | 'headers'> {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    `form-action ${formAction}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      // The form's own request has an Origin header with it, and the redirect no referrer.
      'referrer-policy': 'same-origin',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} – Descope emulator</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
<footer>Descope emulator, for development only</footer>
</body>
</html>
`,
  };
}

/** Escapes a text for HTML, in elements and attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root { --text: #1c2024; --muted: #5b6570; --page: #f4f6f8; --card: #ffffff; --border: #8a94a0;
  --accent: #1f5fd0; --on-accent: #ffffff; --error: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --muted: #a7b0ba; --page: #0f1214; --card: #1b1f23;
  --border: #6b7681; --accent: #8ab4f8; --on-accent: #0b1b33; --error: #ff9d94; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 32px 16px; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
main { max-width: 480px; margin: 0 auto; padding: 24px; border-radius: 12px; background: var(--card); }
footer { max-width: 480px; margin: 16px auto 0; text-align: center; font-size: 14px; color: var(--muted); }
h1 { margin: 0 0 8px; font-size: 24px; line-height: 1.25; }
h2 { margin: 16px 0 4px; font-size: 16px; }
p, dl, ul { margin: 0 0 12px; overflow-wrap: anywhere; }
ul { padding-left: 20px; }
dl div { display: flex; flex-wrap: wrap; gap: 0 8px; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font-size: 15px; }
.note, .hint { font-size: 14px; color: var(--muted); }
.mistake { color: var(--error); }
label { display: block; margin: 16px 0 4px; font-weight: 600; }
input { width: 100%; padding: 10px 12px; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--border); border-radius: 8px; }
input:focus-visible, button:focus-visible, textarea:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.hint { margin: 4px 0 16px; }
textarea { width: 100%; padding: 10px 12px; font: 15px/1.4 ui-monospace, monospace; color: inherit;
  background: var(--card); border: 1px solid var(--border); border-radius: 8px; resize: vertical; }
form + .note { margin: 16px 0 0; }
details { margin: 16px 0; }
summary { padding: 10px 0; font-weight: 600; cursor: pointer; }
.check { display: flex; gap: 8px; align-items: baseline; font-weight: 400; }
.check input { width: auto; }
.accounts { padding: 0; list-style: none; }
.accounts button { width: 100%; margin: 0 0 8px; text-align: left; overflow-wrap: anywhere; }
.accounts .hint { display: block; margin: 0; font-weight: 400; }
.buttons { display: flex; flex-wrap: wrap; gap: 12px; }
button { flex: 1 1 140px; min-height: 44px; padding: 10px 16px; font: inherit; font-weight: 600; cursor: pointer;
  border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--on-accent); }
button.second { background: transparent; color: var(--accent); }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

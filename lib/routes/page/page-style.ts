// How the login page looks around the flow: one quiet card, in the colours of the system.

const LIGHT =
  '--page: #eef1f4; --card: #ffffff; --ink: #1c2024; --faint: #5b6570; --line: #d9dee3; --act: #1f5fd0;';
const DARK =
  '--page: #0f1214; --card: #1a1e22; --ink: #e8eaed; --faint: #a7b0ba; --line: #2c3238; --act: #8ab4f8;';
const LIGHT_BAD = '--bad: #b3261e; --bad-back: #fdecea;';
const DARK_BAD = '--bad: #ffb4ab; --bad-back: #3b1512;';

/** The page's style sheet. */
export const PAGE_STYLE = `
:root { color-scheme: light; ${LIGHT} ${LIGHT_BAD} }
:root[data-theme="dark"] { color-scheme: dark; ${DARK} ${DARK_BAD} }
@media (prefers-color-scheme: dark) {
  :root[data-theme="os"] { color-scheme: dark; ${DARK} ${DARK_BAD} }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 24px 16px;
  background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { width: 100%; max-width: 400px; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 32px; box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 8px 24px rgb(0 0 0 / 6%); }
h1 { margin: 0 0 20px; font-size: 24px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.descope-flow { display: flex; flex-direction: column; gap: 20px; }
.descope-flow p { margin: 0; }
.descope-flow form:empty { display: none; }
.descope-flow [role="status"], .descope-flow noscript { color: var(--faint); }
.descope-flow [role="alert"] { color: var(--bad); background: var(--bad-back); border-radius: 8px; padding: 10px 12px; }
.descope-flow > button { font: inherit; font-weight: 600; color: var(--card); background: var(--act);
  border: 0; border-radius: 8px; padding: 11px 16px; width: 100%; cursor: pointer; }
.descope-flow > button:focus-visible { outline: 2px solid var(--act); outline-offset: 2px; }
.descope-flow [hidden] { display: none; }
@media (max-width: 480px) {
  body { place-items: start stretch; padding: 0; background: var(--card); }
  main { max-width: none; border: 0; border-radius: 0; box-shadow: none; padding: 40px 20px; }
}
`;

// How the console looks: light and dark, from 320 pixels on.

/** The style sheet of every page. */
export const STYLE = `
:root { --text: #1c2024; --muted: #57616c; --page: #f4f6f8; --card: #ffffff; --line: #d5dbe1; --border: #7d8894;
  --accent: #1f5fd0; --on-accent: #ffffff; --tint: #e8effb; --error: #b3261e; --good: #1b6b3a; --warn: #8a5300; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --muted: #a7b0ba; --page: #0f1214; --card: #1a1e22;
  --line: #323a42; --border: #78838f; --accent: #8ab4f8; --on-accent: #0b1b33; --tint: #1d2a3f; --error: #ff9d94;
  --good: #7fd69c; --warn: #f0b95b; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); }
.skip { position: absolute; left: 8px; top: -60px; padding: 8px 16px; background: var(--accent); color: var(--on-accent); z-index: 1; }
.skip:focus { top: 8px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.bar { display: flex; flex-wrap: wrap; gap: 0 16px; align-items: baseline; padding: 12px 16px; border-bottom: 1px solid var(--line); background: var(--card); }
.bar strong { font-size: 17px; }
.bar span { color: var(--muted); font-size: 14px; overflow-wrap: anywhere; }
nav ul { list-style: none; margin: 0; padding: 8px; display: flex; flex-wrap: wrap; gap: 4px; }
nav a { display: block; padding: 8px 12px; border-radius: 8px; color: inherit; text-decoration: none; line-height: 1.3; }
nav a:hover { background: var(--tint); }
nav a[aria-current] { background: var(--accent); color: var(--on-accent); font-weight: 600; }
main { padding: 16px; max-width: 960px; min-width: 0; }
.card, .records > li { margin: 0 0 16px; padding: 16px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
.card > :last-child, .inner > :last-child, .records > li > :last-child { margin-bottom: 0; }
@media (min-width: 860px) {
  .frame { display: grid; grid-template-columns: 232px minmax(0, 1fr); }
  nav { border-right: 1px solid var(--line); min-height: calc(100vh - 54px); padding: 8px; }
  nav ul { flex-direction: column; }
  main { padding: 24px 32px 48px; }
}
h1 { margin: 0 0 16px; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 8px; font-size: 18px; line-height: 1.3; overflow-wrap: anywhere; }
h3 { margin: 0 0 4px; font-size: 16px; overflow-wrap: anywhere; }
.lead { margin: -10px 0 20px; color: var(--muted); max-width: 68ch; }
p, ul, ol, dl, form, details, .copy, pre { margin: 0 0 12px; }
p, li, dd, summary { overflow-wrap: anywhere; }
a { color: var(--accent); }
.muted, .none, .hint { color: var(--muted); }
.hint { display: block; margin-top: 2px; font-size: 14px; font-weight: 400; }
.error { color: var(--error); } .good { color: var(--good); } .warn { color: var(--warn); }
.notice { margin: 0 0 20px; padding: 12px 16px; border: 1px solid var(--accent); border-left-width: 6px; border-radius: 8px; background: var(--card); }
.notice.bad { border-color: var(--error); }
.notice > :last-child { margin-bottom: 0; }
dl div { display: flex; flex-wrap: wrap; gap: 0 12px; padding: 2px 0; }
dt { color: var(--muted); flex: 0 0 132px; }
dd { margin: 0; flex: 1 1 200px; min-width: 0; }
code, pre, input[readonly], textarea, time, .path { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 14px; }
code { overflow-wrap: anywhere; }
pre { padding: 12px; border-radius: 8px; background: var(--page); white-space: pre-wrap; overflow-wrap: anywhere; }
label { display: block; margin: 0 0 14px; font-weight: 600; }
label.check { display: flex; gap: 10px; align-items: center; min-height: 32px; margin: 0 0 6px; font-weight: 400; }
label.check span { min-width: 0; overflow-wrap: anywhere; }
.check input { width: 20px; height: 20px; margin: 0; flex: none; accent-color: var(--accent); }
fieldset { margin: 0 0 14px; padding: 10px 14px; border: 1px solid var(--line); border-radius: 8px; min-width: 0; }
legend { font-weight: 600; padding: 0 6px; }
input:not([type=checkbox]), select, textarea { display: block; width: 100%; min-height: 42px; margin-top: 4px; padding: 8px 12px; font: inherit; font-weight: 400; color: inherit;
  background: var(--card); border: 1px solid var(--border); border-radius: 8px; }
textarea { font-size: 14px; resize: vertical; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(240px, 100%), 1fr)); gap: 0 20px; align-items: start; }
button { min-height: 42px; padding: 8px 18px; font: inherit; font-weight: 600; cursor: pointer; border: 1px solid var(--accent);
  border-radius: 8px; background: var(--accent); color: var(--on-accent); overflow-wrap: anywhere; }
button.second { background: transparent; color: var(--accent); }
button.danger { border-color: var(--error); background: transparent; color: var(--error); }
button[hidden] { display: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
nav a[aria-current]:focus-visible { outline-color: var(--text); }
.buttons { display: flex; flex-wrap: wrap; gap: 10px; margin: 0 0 12px; }
.buttons form { margin: 0; }
.search { display: flex; flex-wrap: wrap; gap: 10px; align-items: end; }
.search label { flex: 1 1 220px; margin: 0; }
.copy { display: flex; gap: 10px; }
.copy input:not([type=checkbox]) { margin: 0; background: var(--page); min-width: 0; font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.copy button { flex: none; }
.records, .rows, .links { list-style: none; padding: 0; }
.records > li > h2, .records > li > h3 { margin-bottom: 6px; }
.mark { display: inline-block; padding: 1px 10px; margin: 0 2px 4px 0; border: 1px solid var(--border); border-radius: 99px; font-size: 14px; overflow-wrap: anywhere; }
.mark.bad { border-color: var(--error); color: var(--error); } .mark.fine { border-color: var(--good); color: var(--good); }
summary { padding: 8px 0; font-weight: 600; color: var(--accent); cursor: pointer; }
details .inner { padding: 8px 0 4px; }
.rows > li { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; padding: 9px 0; border-bottom: 1px solid var(--line); }
.rows .path { flex: 1 1 260px; min-width: 0; overflow-wrap: anywhere; }
.rows .code { flex: 0 0 auto; font-weight: 600; }
.rows .wide { flex: 1 1 100%; font-size: 14px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(124px, 1fr)); gap: 12px; list-style: none; padding: 0; margin: 0 0 20px; }
.tiles a { display: block; padding: 14px 16px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); color: inherit; text-decoration: none; }
.tiles a:hover { border-color: var(--accent); }
.tiles b { display: block; font-size: 26px; line-height: 1.2; }

.big time { font-size: inherit; }
.big { font-size: 22px; font-weight: 600; letter-spacing: 1px; }
@media (forced-colors: active) { .mark, button, .notice { border-color: CanvasText; } }
`;

const LIGHT = `color-scheme: light;
  --page: #fbfbfa; --card: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d9dee3; --accent: #0b5cbf; --good: #116b3c; --bad: #a8341c; --amber: #8a5a00; --wash: #eef4fb; --band: #f3f5f7;
  --c1: #0072b2; --c2: #c65200; --c3: #00855f; --c4: #a0578b; --c5: #7a6a00; --c6: #4a5560; --c7: #b3263f; --c8: #5b4fc7;
  --p1: #848f9a; --p2: #4a5560; --p3: #3d8fd1; --p4: #c65200; --p5: #00855f;`;

const DARK = `color-scheme: dark;
  --page: #0f1317; --card: #161b21; --ink: #e8ecf1; --soft: #a3adb8; --line: #2c343d; --accent: #6cb0ff; --good: #5fd18f; --bad: #ff9378; --amber: #e9b64c; --wash: #14243a; --band: #1b2129;
  --c1: #56b4e9; --c2: #ff9a4d; --c3: #4fd0a8; --c4: #e0a0cc; --c5: #e3d26a; --c6: #b8c2cc; --c7: #ff8397; --c8: #aba0ff;
  --p1: #6d7885; --p2: #c3ccd5; --p3: #3f8fd6; --p4: #ff9a4d; --p5: #4fd0a8;`;

/** Colours of both themes by variable, for the page and for the test of their contrast. */
export const THEMES = { light: variables(LIGHT), dark: variables(DARK) } as const;

function variables(block: string): ReadonlyMap<string, string> {
  return new Map([...block.matchAll(/--(\w+): (#\w{6});/g)].map(([, name, color]) => [name!, color!]));
}

/** The style sheet of the page. Nothing in it comes from results. */
export const STYLE = `
:root { ${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { ${DARK} } }
:root[data-theme=dark] { ${DARK} }
* { box-sizing: border-box } [hidden] { display: none !important }
html { scroll-behavior: smooth; scroll-padding-top: 12px; -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px }
header { padding-top: 22px; padding-bottom: 14px; display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: baseline }
h1 { font-size: 19px; margin: 0; letter-spacing: -.01em }
header p { margin: 0; color: var(--soft); font-size: 13px; flex: 1 1 420px }
nav { font-size: 13px; display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: baseline; margin-left: auto }
a { color: var(--accent); text-decoration: none } a:hover { text-decoration: underline }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px }
button { font: inherit; font-size: 13px; color: var(--accent); background: none; border: 1px solid var(--line); border-radius: 7px; padding: 4px 10px; cursor: pointer } button:hover { background: var(--wash) }
.skip { position: absolute; left: -999px } .skip:focus { left: 8px; top: 8px; background: var(--card); padding: 6px 10px; z-index: 3 }
section { margin: 30px 0 } article + article { border-top: 1px solid var(--line); margin-top: 44px }
h2 { font-size: 17px; margin: 0 0 4px; letter-spacing: -.005em } h3 { font-size: 15px; margin: 0 0 4px } article > h2 { font-size: 21px; margin-top: 34px; overflow-wrap: anywhere } article > section:first-of-type { margin-top: 8px }
.lead { color: var(--soft); font-size: 13px; margin: 0 0 12px; max-width: 112ch }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px }
.banner { background: var(--card); border: 1px solid var(--bad); border-left-width: 5px; border-radius: 8px; padding: 10px 14px; margin: 12px 0; font-weight: 600 }
.decision { display: grid; grid-template-columns: minmax(0, 1.35fr) minmax(270px, 1fr); grid-template-rows: auto 1fr; overflow: hidden; border-top: 3px solid var(--accent) }
.answer { padding: 20px 26px 22px } .limits { background: var(--band); padding: 18px 22px; border-left: 1px solid var(--line); font-size: 13px }
.kicker { color: var(--soft); font-size: 13px; margin: 0 } .pick { font-size: 34px; line-height: 1.15; margin: 2px 0 8px; font-weight: 650; letter-spacing: -.01em }
.pick.long { font-size: 24px } .why { margin: 0 0 12px; max-width: 60ch }
.flip { font-size: 13px; color: var(--soft); margin: 0; max-width: 64ch; border-left: 3px solid var(--line); padding-left: 12px } .flip b { color: var(--ink); font-weight: 600 } .flip ul { margin: 2px 0 0; padding-left: 16px }
.steady { font-size: 12.5px; color: var(--soft); margin: 12px 0 0; max-width: 66ch } .steady b { color: var(--ink); font-weight: 600 } a.figure-link { color: inherit; font-weight: 700; text-decoration: underline dotted 1px; text-underline-offset: 3px; text-decoration-color: var(--soft) } a.figure-link.short { white-space: nowrap } a.figure-link:hover { color: var(--accent) }
.needs { margin: 0 0 14px } .needs h2 { font-size: 13px; margin: 0 0 6px } .need { display: grid; grid-template-columns: 92px minmax(60px, 1fr) 78px; gap: 8px; align-items: center; margin: 0 0 6px; line-height: 1.25 } .need output { text-align: right; font-weight: 600; font-size: 12.5px } .need input[type=range] { width: 100%; accent-color: var(--accent); margin: 0; height: 20px } .need select { grid-column: 2 / -1; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 3px 6px; width: 100% } .need input[type=checkbox], .filter input[type=checkbox] { accent-color: var(--accent); width: 16px; height: 16px; margin: 0; vertical-align: -3px } .needs details { margin: 0 0 4px; font-size: 13px } .needs summary { margin-bottom: 6px } .needs .buttons { margin: 8px 0 0 } .unread { color: var(--bad); margin: 6px 0 0 }
.on-paper { display: none } .limits-above { margin-bottom: 18px; overflow: hidden } .limits-above .limits { border: 0 } .limits-above .needs { margin: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 2px 32px } .limits-above .needs > h2, .limits-above .needs > .buttons, .limits-above .needs > details, .limits-above .unread { grid-column: 1 / -1 } .limits-above .needs details[open] { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 2px 32px } .limits-above .needs details summary { grid-column: 1 / -1 }
.filter { display: flex; flex-wrap: wrap; gap: 6px 18px; padding: 8px 14px; font-size: 12.5px; color: var(--soft); border-bottom: 1px solid var(--line); align-items: center } .filter input[type=search] { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 3px 8px; width: 150px }
.pin { padding: 0 6px; font-size: 11px; line-height: 16px; margin-left: 19px; border-radius: 5px; color: var(--soft); border-color: transparent } .pin[aria-pressed=true], .pin:focus-visible, tbody:hover .pin { border-color: var(--line); color: var(--accent) } .cells .pinned td { background: var(--wash) } .cells .ruled { border-top: 2px solid var(--soft) } .cells tbody[data-outcome=misses] .name::after { content: " ✕"; color: var(--bad) } .cells tbody[data-outcome=undecided] .name::after { content: " ?"; color: var(--amber) } .cells tbody[data-outcome=picked] .name::after { content: " ✓"; color: var(--good) } .cells .apart td { color: var(--soft) }
.matrix th, .matrix td { padding: 7px 9px; border-bottom: 1px solid var(--line) } .matrix tbody tr:last-child th, .matrix tbody tr:last-child td { border-bottom: 0 } .matrix th[scope=row] { font-size: 13px; white-space: normal; min-width: 130px } .matrix th[scope=col] { white-space: nowrap } .matrix .swatch { margin-right: 4px } .matrix td small { display: block } .matrix td.use { white-space: normal; min-width: 90px } .matrix td[data-outcome=picked] { background: var(--wash); font-weight: 600; box-shadow: inset 0 2px 0 var(--accent) } .matrix td[data-outcome=misses], .matrix td[data-outcome=out] { color: var(--soft) } .matrix td[data-outcome=misses] .mark { color: var(--bad) } .matrix td[data-outcome=picked] .mark, .matrix td[data-outcome=passes] .mark { color: var(--good) } .matrix td[data-outcome=undecided] .mark { color: var(--amber) } td small.bad { color: var(--bad) }
.questions { margin-top: 10px } .questions ul { margin: 0; padding-left: 15px } .questions td, .questions th { vertical-align: top; white-space: normal } .questions td { min-width: 210px } .questions th[scope=row] { white-space: nowrap; font-size: 12.5px; color: var(--ink) } .questions .scroll { max-height: none !important }
.runs td, .runs th[scope=row] { white-space: normal; overflow-wrap: anywhere; vertical-align: top; border-bottom: 1px solid var(--line) } .runs th[scope=row] { width: 22%; min-width: 110px; font-size: 13px } .runs td { width: 39% } .runs tbody tr:last-child > * { border-bottom: 0 } #gates .standings { border: 0 } #gates details.pad { margin: 0; padding-top: 10px; padding-bottom: 12px } .changes td { line-height: 1.3; vertical-align: top } .changes small.good { color: var(--good) } details.quiet { margin-top: 14px } details.quiet > summary { margin-bottom: 10px; max-width: 112ch; width: auto }
.limits h2 { font-size: 13px; margin: 0 0 6px } .limits ul { margin: 0; padding: 0; list-style: none; display: grid; gap: 7px } .limits li { padding-left: 18px; position: relative; color: var(--soft) } .limits li::before { content: "·"; position: absolute; left: 5px; font-weight: 700 } .limits li.warning { color: var(--ink) } .limits li.warning::before { content: "!"; color: var(--amber); font-weight: 800 }
.standings { grid-column: 1 / -1; border-top: 1px solid var(--line); padding: 12px 26px 16px; display: grid; gap: 5px; font-size: 13.5px; margin: 0; list-style: none }
.decision > .limits { grid-column: 2; grid-row: 1 / span 2 } .decision > .standings { grid-column: 1; align-self: start; border-top: 0 } .standings li { display: grid; grid-template-columns: 170px 116px minmax(0, 1fr); gap: 10px } .standings b { font-weight: 600 } .standings .detail { color: var(--soft) }
.good { color: var(--good) } .bad { color: var(--bad) }
.swatch { width: 12px; height: 12px; margin-right: 7px; vertical-align: -1px; display: inline-block; overflow: visible }
table { border-collapse: collapse; width: 100%; font-size: 13px }
th, td { overflow-wrap: normal } th { text-align: right; font-weight: 600; color: var(--soft); font-size: 11.5px; line-height: 1.3; padding: 8px 5px; border-bottom: 1px solid var(--line); vertical-align: bottom }
.over th { text-align: center; padding: 8px 7px 0; border: 0 } .over td { padding: 0 } .over + tr th { padding-top: 3px }
td { padding: 6px 5px; text-align: right; white-space: nowrap; vertical-align: middle } .cells tbody { border-bottom: 1px solid var(--line) } .cells tbody:last-child { border-bottom: 0 }
th:first-child, td:first-child, th.l, td.l { text-align: left } th:first-child, td:first-child { padding-left: 14px } th:last-child, td:last-child { padding-right: 14px }
th small { display: block; font-weight: 400 } td small { color: var(--soft); font-size: 11px } td .none { color: var(--soft) }
th button { all: unset; cursor: pointer; font: inherit; color: inherit } th button:hover { color: var(--accent) } th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px } th[aria-sort=ascending] button::after { content: " ↑" } th[aria-sort=descending] button::after { content: " ↓" }
.cells tbody:not(.harness):hover { background: var(--band) } .cells .best td:first-child { box-shadow: inset 4px 0 0 var(--accent) } .cells td:first-child { max-width: 190px } .cells .long { white-space: normal; overflow-wrap: anywhere; min-width: 150px } .cells .name { font-weight: 600; display: block; padding-left: 19px; text-indent: -19px } .cells .name + small { padding-left: 19px; display: block } .cells .name .swatch { text-indent: 0 }
.cells .harness { border-top: 2px solid var(--soft); color: var(--soft) } .cells .out td { color: var(--soft) } .cells s { text-decoration-thickness: 1px } .reason td { white-space: normal; padding-top: 0; color: var(--bad); font-size: 12.5px; text-align: left }
.strip { width: 84px; height: 18px; vertical-align: middle; margin-right: 4px; overflow: visible } .strip .axis { stroke: var(--line) } .figure { display: inline-block; vertical-align: middle; line-height: 1.2; min-width: 74px; text-align: left } .figure small { display: block }
.tag { display: inline-block; font-size: 11px; padding: 0 6px; border: 1px solid var(--line); border-radius: 20px; color: var(--soft) }
.scroll { overflow-x: auto; border-radius: 10px; position: relative }
.below { padding: 10px 14px; font-size: 13px; color: var(--soft); border-top: 1px solid var(--line); margin: 0 } .below b { color: var(--ink) }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 18px } .card + .grid, .card + h3 { margin-top: 18px } .thirds { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 14px }
figure { margin: 0; padding: 14px 16px 10px } figcaption { font-size: 13px; font-weight: 600; margin-bottom: 6px; line-height: 1.4 } figcaption span { font-weight: 400; color: var(--soft) } .thirds figure { padding: 10px 10px 6px }
.draw svg { width: 100%; height: auto; display: block; font-family: inherit; font-size: 11px } .draw .narrow { display: none } .draw .only { overflow-x: auto }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12px; color: var(--soft); margin: 0 0 4px; padding: 0; list-style: none }
details { font-size: 12.5px; color: var(--soft); margin-top: 6px } details p { margin: 6px 0; max-width: 82ch } summary { cursor: pointer; width: fit-content } details table { font-size: 12px } details td, details th { padding: 3px 8px; border-bottom: 1px solid var(--line) } details .scroll { max-height: 340px; overflow: auto }
.small { font-size: 13px; margin-top: 18px } .small ul { margin: 4px 0 0; padding-left: 18px } dl { display: grid; grid-template-columns: minmax(110px, max-content) minmax(0, 1fr); gap: 4px 18px; margin: 0; font-size: 13.5px } dt { color: var(--soft) } dd { margin: 0 } .pad { padding: 16px 20px }
pre { background: var(--band); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; font-size: 12.5px; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere } .buttons { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0 0; align-items: center }
footer { color: var(--soft); font-size: 12px; padding-bottom: 40px } .two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 18px }
@media (max-width: 900px) { .decision > .limits { grid-column: 1; grid-row: auto } .decision > .standings { border-top: 1px solid var(--line) } .decision, .grid, .two { grid-template-columns: minmax(0, 1fr) } .thirds { grid-template-columns: repeat(2, minmax(0, 1fr)) } .limits { border-left: 0; border-top: 1px solid var(--line) } nav { margin-left: 0 } .grid .draw { max-width: 640px } }
@media screen and (max-width: 620px) {
  header, main, footer { padding-left: 12px; padding-right: 12px } .answer, .limits, .standings { padding-left: 16px; padding-right: 16px } .pick { font-size: 28px } .thirds { grid-template-columns: minmax(0, 1fr) }
  .standings li { grid-template-columns: minmax(0, 1fr) max-content; gap: 0 10px; padding-bottom: 5px } .standings .detail { grid-column: 1 / -1 }
  .draw .only svg { width: auto; min-width: 560px } .draw .wide { display: none } .draw .narrow { display: block } figure { padding-left: 10px; padding-right: 10px }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0 } dd { margin-bottom: 8px }
  .cells thead { position: absolute; left: -9999px } .cells, .cells tbody, .cells tr, .cells td { display: block } .cells tbody { padding: 8px 0 } .cells tr:not(.reason) { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); padding: 0 6px }
  .cells td, .cells td:first-child, .cells td:last-child { text-align: left; padding: 3px 6px; white-space: normal } .cells td:first-child, .cells td.throughput { grid-column: 1 / -1; max-width: none } .cells td[data-label]::before { content: attr(data-label); display: block; color: var(--soft); font-size: 11px } .cells .best { box-shadow: inset 4px 0 0 var(--accent) } .cells .best td:first-child { box-shadow: none }
}
@media print {
  .on-paper { display: block !important; margin: 0 0 10px }  .needs, .filter, .pin { display: none !important } tbody[hidden] { display: none !important }  :root, :root[data-theme=dark] { ${LIGHT} } @page { margin: 11mm } body { background: #fff; font-size: 12px } nav, .buttons, .skip { display: none !important } .grid, .thirds, table { break-before: avoid } .card, figure, tbody, .standings li, .lead { break-inside: avoid } .decision { break-inside: auto } h2, h3, .lead { break-after: avoid } section { margin: 18px 0 }
  main, header, footer { padding: 0; max-width: none } .scroll { overflow: visible } table { font-size: 8.5px } th { font-size: 8px } td, th { padding: 3px 2px } td small { font-size: 7.5px } .tag { font-size: 7.5px } .strip { width: 46px } .figure { min-width: 52px } .cells .name { min-width: 60px } .grid { grid-template-columns: repeat(2, minmax(0, 1fr)) } .thirds { grid-template-columns: repeat(3, minmax(0, 1fr)) } details:not([open]) { display: none } .changes td, .changes th { white-space: normal; font-size: 7px; padding: 2px 1px } .changes td small { font-size: 6.5px } .changes .word { display: none } .runs th[scope=row] { font-size: 8.5px }
}
`;

#include "observe/report/style.h"

namespace lifeboat::report {

const std::string_view style_sheet = R"css(
:root {
  color-scheme: light dark;
  --page: #f5f5f2; --card: #fff; --ink: #1b2026; --soft: #59626d; --rule: #e1e2de;
  --good: #2c7a52; --warn: #8f5a00; --bad: #b1332a; --amber: #b97a0c;
  --bar: #44658c; --bar2: #7a93b0; --idle: #c9ccc8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121519; --card: #1a1e24; --ink: #e7e9eb; --soft: #9aa5b1; --rule: #2d333b;
    --good: #5dba86; --warn: #e2ab4a; --bad: #f27f74; --amber: #d99a2b;
    --bar: #8fb1d9; --bar2: #587494; --idle: #444c56;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink); font-size: 1rem; line-height: 1.5;
  font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
    "Noto Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
main {
  max-width: 66rem; margin: 0 auto;
  padding: clamp(1.25rem, 5vw, 4rem) clamp(1rem, 4vw, 2.5rem);
}
h1, h2, h3, p, figure, ul, dl, dd { margin: 0; padding: 0; }
.over { color: var(--soft); font-size: .8125rem; letter-spacing: .08em; text-transform: uppercase; }
h1 {
  font-size: clamp(1.75rem, 1.2rem + 3vw, 2.75rem); line-height: 1.12; letter-spacing: -.022em;
  font-weight: 680; margin: .5rem 0 .625rem; text-wrap: balance;
}
.over i {
  display: inline-block; width: .625rem; height: .625rem; border-radius: 50%; margin-right: .5rem;
  background: currentColor;
}
.lede { color: var(--soft); max-width: 44rem; }
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px;
  margin: 2rem 0 0; background: var(--rule); border: 1px solid var(--rule); border-radius: .625rem;
  overflow: hidden;
}
.figures div {
  display: flex; flex-direction: column-reverse; justify-content: flex-end;
  background: var(--card); padding: 1rem 1.125rem 1.0625rem;
}
.figures dt { color: var(--soft); font-size: .8125rem; line-height: 1.35; }
.figures dd {
  font-size: 1.75rem; line-height: 1.2; font-weight: 620; letter-spacing: -.02em;
  white-space: nowrap;
}
.ok { color: var(--good); }
.warning { color: var(--warn); }
.error { color: var(--bad); }
section { margin-top: 2.75rem; }
h2 { font-size: 1.375rem; line-height: 1.25; letter-spacing: -.012em; font-weight: 650; }
h3 { font-size: 1.0625rem; font-weight: 650; }
.findings { list-style: none; margin-top: .875rem; border-top: 1px solid var(--rule); }
.findings li {
  display: grid; grid-template-columns: 5.5rem 10rem 1fr; gap: .125rem 1rem; padding: .625rem 0;
  border-bottom: 1px solid var(--rule);
}
.findings b { font-weight: 620; }
.who { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th { color: var(--soft); font-weight: 500; font-size: .8125rem; text-align: left; }
th, td { padding: .5rem 1rem .5rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
tbody th { color: var(--ink); font-size: .9375rem; font-weight: 500; }
.now { margin-top: .875rem; }
.now small { display: block; color: var(--soft); font-size: .8125rem; }
.job {
  background: var(--card); border: 1px solid var(--rule); border-radius: .625rem;
  padding: clamp(1rem, 3vw, 1.625rem); margin-top: 1rem;
}
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.5rem; }
figure { margin-top: 1.375rem; min-width: 0; }
figcaption { color: var(--soft); font-size: .875rem; margin-bottom: .375rem; }
figcaption b { color: var(--ink); font-weight: 620; margin-right: .375rem; }
svg { display: block; width: 100%; }
.plot { display: grid; grid-template-columns: 4rem 1fr; gap: .625rem; }
svg text { fill: var(--soft); font-size: 11.5px; }
svg line { stroke: var(--rule); stroke-width: 1; shape-rendering: crispEdges; }
svg .base { stroke: var(--idle); }
rect.ok { fill: var(--good); }
rect.partial { fill: var(--amber); }
rect.damaged { fill: var(--bad); }
rect.missing { fill: var(--bad); fill-opacity: .14; stroke: var(--bad); stroke-width: 1; }
rect.idle { fill: var(--idle); }
rect.a { fill: var(--bar); }
rect.b { fill: var(--bar2); }
rect:hover { opacity: .7; }
details { margin-top: 1.25rem; font-size: .9375rem; }
summary { color: var(--soft); cursor: pointer; font-size: .875rem; }
summary:hover { color: var(--ink); }
details table { margin: .5rem 0 1rem; font-size: .875rem; }
details th, details td { padding-top: .25rem; padding-bottom: .25rem; }
caption { text-align: left; font-weight: 620; padding: .5rem 0 .25rem; }
footer { margin-top: 3rem; color: var(--soft); font-size: .8125rem; }
@media (max-width: 44rem) {
  .pair { grid-template-columns: 1fr; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures dd { font-size: 1.375rem; }
  .findings li { grid-template-columns: auto 1fr; }
  .findings p { grid-column: 1 / -1; }
  .plot { grid-template-columns: 3.5rem 1fr; }
  .rows thead {
    position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden;
  }
  .rows tr { display: block; border-bottom: 1px solid var(--rule); padding: .5rem 0; }
  .rows tbody th, .rows td {
    display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .125rem 0;
    text-align: right;
  }
  .rows tbody th { font-weight: 620; text-align: left; }
  .now small { display: inline; }
  td[data-of]::before { content: attr(data-of); color: var(--soft); text-align: left; flex: none; }
}
@media print {
  :root { --page: #fff; --card: #fff; }
  body { font-size: .8125rem; }
  main { max-width: none; padding: 0; }
  .job, .figures { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details:not([open]) { display: none; }
}
)css";

}  // namespace lifeboat::report

/**
 * Colours of series by their order, for light and dark pages; told apart by most colour-blind readers too.
 */
const seriesColours = {
  light: ['#2563c9', '#c2570c', '#16794c', '#7a45c9', '#b3261e', '#0b7285', '#8a6d00', '#5f6b7a'],
  dark: ['#7fb0ff', '#f4a15d', '#5fcf9a', '#bfa2ff', '#ff8f85', '#5cc8dc', '#e0c04c', '#a7b3c2'],
}

/** How many series have colours of their own; further ones begin anew. */
export const seriesCount = seriesColours.light.length

/** The colour of a series by its order, as CSS. */
export function seriesColour(index: number): string {
  return `var(--series-${(index % seriesCount) + 1})`
}

const light = `color-scheme: light;
--ground: #f6f7f9; --card: #ffffff; --text: #1a1f27; --muted: #56606e; --line: #d9dee5; --link: #1d5bbf;
--right: #16794c; --wrong: #b3261e; ${seriesOf('light')}`

const dark = `color-scheme: dark;
--ground: #12151a; --card: #1b2027; --text: #e7ebf0; --muted: #a3adba; --line: #343c47; --link: #8fb8ff;
--right: #5fcf9a; --wrong: #ff8f85; ${seriesOf('dark')}`

/** The style sheet of a page. */
export const style = `
:root { ${light} }
@media screen and (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 56rem; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 0 0 .25rem; font-size: 1.2rem; line-height: 1.3; }
h3 { margin: 1.25rem 0 .4rem; font-size: 1rem; }
p { margin: .4rem 0; }
a { color: var(--link); }
.summary { color: var(--muted); font-size: 1.05rem; }
.note, footer { color: var(--muted); font-size: .9rem; }
footer { margin-top: 1.5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: .8rem 0 0; padding: 0; list-style: none;
  font-size: .9rem; }
section { margin-top: 1rem; padding: 1.1rem 1.25rem 1.25rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; }
figure { margin: .8rem 0 0; }
figcaption, summary { color: var(--muted); font-size: .9rem; }
summary { cursor: pointer; margin-top: .8rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: .8rem 0 0; }
.figures div { padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .5rem; }
.figures dt { color: var(--muted); font-size: .85rem; }
.figures dd { margin: 0; font-variant-numeric: tabular-nums; }
.figures .value { font-size: 1.35rem; font-weight: 650; line-height: 1.3; }
.figures .detail { color: var(--muted); font-size: .85rem; }
.chart svg { display: block; width: 100%; height: auto; color: var(--muted); }
.chart .narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: 0 0 .5rem; padding: 0; list-style: none;
  font-size: .9rem; }
.legend svg { display: inline-block; width: 1.6rem; height: .75rem; margin-right: .4rem; }
.scroll { overflow-x: auto; overscroll-behavior-x: contain; }
.matrix .scroll { max-height: 90vh; overflow: auto; }
.matrix svg { display: block; height: auto; max-width: none; color: var(--muted); }
table { border-collapse: collapse; width: 100%; margin-top: .8rem; font-size: .92rem; }
th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--muted); font-weight: 600; }
td { min-width: 6rem; }
th { overflow-wrap: normal; }
td.number, th.number { min-width: 0; text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.pictures { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; list-style: none; }
.pictures li { width: var(--size); font-size: .75rem; line-height: 1.25; }
.pictures img { display: block; width: var(--size); height: var(--size); object-fit: contain; background: var(--ground);
  border: 3px solid var(--line); border-radius: .35rem; }
.pictures bdi { display: block; }
.pictures b + bdi { display: inline; }
.pictures .right img { border-color: var(--right); }
.pictures .wrong img { border-color: var(--wrong); border-style: dashed; }
.pictures .right b { color: var(--right); }
.pictures .wrong b { color: var(--wrong); }
.rows > div { display: grid; grid-template-columns: 8rem 1fr 2fr; gap: .4rem 1rem; padding: .6rem 0;
  border-bottom: 1px solid var(--line); }
.rows > div > * { min-width: 0; }
.rows .head { color: var(--muted); font-size: .9rem; font-weight: 600; padding-bottom: .2rem; }
.rows .name { font-weight: 600; font-size: .92rem; }
.label { display: none; color: var(--muted); font-size: .8rem; margin: 0 0 .2rem; }
@media screen and (max-width: 640px) {
  body { padding: 1.25rem .75rem 2rem; }
  h1 { font-size: 1.4rem; }
  section { padding: .9rem .9rem 1rem; }
  th, td { padding: .3rem .4rem; }
  td { min-width: 5rem; }
  td.number { min-width: 0; }
  .chart .wide { display: none; }
  .chart .narrow { display: block; }
  .rows > div { grid-template-columns: 1fr; }
  .rows .head { display: none; }
  .label { display: block; }
}
@media print {
  body { max-width: none; padding: 0; background: none; font-size: 10pt; }
  nav { display: none; }
  section { border: none; padding: 0; margin-top: 1.2rem; }
  h2, h3, .note, .rows .head { break-after: avoid; }
  figure, tr, li, .figures div, .rows > div { break-inside: avoid; }
  .scroll, .matrix .scroll { overflow: visible; max-height: none; }
  .matrix .scroll { max-height: 90vh; overflow: auto; }
.matrix svg { max-width: 100%; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`

function seriesOf(theme: keyof typeof seriesColours): string {
  return seriesColours[theme].map((colour, index) => `--series-${index + 1}: ${colour};`).join(' ')
}

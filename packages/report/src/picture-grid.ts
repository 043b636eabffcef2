import { html, type Content, type Html } from './html.js'
import { pictureUri, type Picture } from './picture.js'

/** A picture with what is said of it. */
export interface ShownPicture {
  readonly picture: Picture
  /** What it shows, for readers who do not see it. */
  readonly name: string
  /** What stands below it, in lines of their own. */
  readonly caption?: string | readonly string[]
  /** Whether what was predicted of it is right; shown as a frame and a sign. */
  readonly mark?: 'right' | 'wrong'
}

/** How pictures are laid out. */
export interface PictureGridOptions {
  /** The side of the square that each is fitted into, in CSS pixels; 88 if not given. */
  readonly size?: number
}

/** Pictures side by side, as many as fit in a line. */
export function pictureGrid(pictures: readonly ShownPicture[], { size = 88 }: PictureGridOptions = {}): Html {
  return html`<ul class="pictures" style="--size: ${size}px">
    ${pictures.map(item)}
  </ul>`
}

/** Pictures of something by name, in groups. */
export interface PictureRow {
  readonly name: string
  /** The pictures of each of the groups. */
  readonly groups: readonly (readonly ShownPicture[])[]
}

/**
 * A row of pictures for each of some things, for example for each class of an episode those that were given
 * and those that were to be classified.
 *
 * @param headings of the names and of the groups: the second of them narrow, the last wide
 */
export function pictureRows(
  headings: readonly [name: string, few: string, many: string],
  rows: readonly PictureRow[],
  options: PictureGridOptions = {},
): Html {
  const [name, ...groups] = headings
  const row = ({ name: of, groups: pictures }: PictureRow) => [
    html`<div class="name">${of}</div>`,
    pictures.map(
      (ofGroup, index) =>
        html`<div>
          <p class="label">${groups[index]!}</p>
          ${pictureGrid(ofGroup, options)}
        </div>`,
    ),
  ]
  const head = [name, ...groups].map((heading) => html`<div>${heading}</div>`)
  return html`<div class="rows">
    <div class="head">${head}</div>
    ${rows.map((each): Content => html`<div>${row(each)}</div> `)}
  </div>`
}

function item({ picture, name, caption = [], mark }: ShownPicture): Html {
  const sign = mark && html`<b>${mark === 'right' ? '✓' : '✗'}</b> `
  const lines = typeof caption === 'string' ? [caption] : caption
  return html`<li class="${mark}">
    <img
      src="${pictureUri(picture)}"
      alt="${name}"
      decoding="async"
    />${(sign || lines.length > 0) && html`<span>${sign}${lines.map((line) => html`<bdi>${line}</bdi>`)}</span>`}
  </li>`
}

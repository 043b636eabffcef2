import type { DatasetCheck, ImagePlace, OddSize, Reach, RemarkCount } from '@m2l/datasets'
import { reachOrder, worstFirst } from '../worst-first.js'
import { coloursFor } from './colours.js'
import { count, printable } from './format.js'
import { table } from './table.js'

/** Of each kind of finding the first ones are told; all are in the JSON object. */
const shown = 8

/** What a check has found, for people. */
export function describeCheck(check: DatasetCheck): string {
  const findings = [
    broken(check),
    duplicates(check),
    lookAlikes(check),
    leakage(check),
    nearEmpty(check),
    odd(check),
    unread(check),
    remarks(check),
  ].filter((one) => one !== undefined)
  const { bold, green, yellow } = coloursFor(process.stdout)
  return [
    balance(check),
    ...(check.classesOutside > 0
      ? [`${count(check.classesOutside, 'class')} outside the split were not looked at`]
      : []),
    sizes(check),
    ...(findings.length === 0 ? [green('nothing to complain of')] : []),
    ...findings.map(({ title, lines, more }) =>
      [
        bold(yellow(title)),
        ...lines.map((line) => `  ${printable(line, 500)}`),
        ...(more > 0 ? [`  and ${more} more; --json lists all`] : []),
      ].join('\n'),
    ),
  ].join('\n')
}

interface Finding {
  readonly title: string
  readonly lines: readonly string[]
  readonly more: number
}

function finding<Item>(
  title: string,
  items: readonly Item[],
  line: (item: Item) => string,
): Finding | undefined {
  if (items.length === 0) return undefined
  return { title, lines: items.slice(0, shown).map(line), more: Math.max(0, items.length - shown) }
}

function balance({ splits }: DatasetCheck): string {
  const rows = splits.map(({ split, classes, images, fewest, median, most, imbalance }) => [
    split,
    ...[classes, images, fewest, median, most].map(String),
    imbalance === null ? '–' : imbalance.toFixed(2),
  ])
  return table(['split', 'classes', 'images', 'fewest', 'median', 'most', 'most / fewest'], rows)
}

function sizes({ sizes: { smallest, largest, mostCommon } }: DatasetCheck): string {
  if (!smallest || !largest || !mostCommon) return 'no picture can be read'
  if (smallest.width === largest.width && smallest.height === largest.height)
    return `all pictures are ${size(smallest)}`
  return `sizes ${size(smallest)} to ${size(largest)}, most often ${size(mostCommon)} (${mostCommon.images})`
}

function broken({ broken: images }: DatasetCheck): Finding | undefined {
  return finding(count(images.length, 'broken picture'), images, ({ id, reason }) => `${id}: ${reason}`)
}

const reaches: Readonly<Record<Reach, string>> = {
  class: 'in one class',
  classes: 'in several classes',
  splits: 'in several splits',
}

function duplicates({ duplicates: { exact } }: DatasetCheck): Finding | undefined {
  const copies = exact.reduce((sum, { images }) => sum + images.length - 1, 0)
  const title = `${count(copies, 'copy', 'copies')} of ${count(exact.length, 'picture')}: ${byReach(exact)}`
  return finding(title, worstFirst(exact), ({ images, match }) => {
    const how = match === 'bytes' ? 'the same file' : 'the same pixels'
    return `${places(images)} (${how})`
  })
}

function lookAlikes({ duplicates: { near, threshold } }: DatasetCheck): Finding | undefined {
  const title = `${count(near.length, 'group')} of pictures that look the same (pHash within ${threshold.distance} bits): ${byReach(near)}`
  return finding(title, worstFirst(near), ({ images, distance }) => `${places(images)} (${distance} bits)`)
}

function leakage({ leakage: { classes, exact, near } }: DatasetCheck): Finding | undefined {
  const lines = [
    ...classes.map(({ class: name, splits }) => `class ${name} is in ${splits.join(' and ')}`),
    ...(exact > 0 ? [`${count(exact, 'picture')} with a copy in another split`] : []),
    ...(near > 0 ? [`${count(near, 'picture')} that look like one in another split`] : []),
  ]
  return finding('leakage between splits', lines, (line) => line)
}

function nearEmpty({ nearEmpty: classes }: DatasetCheck): Finding | undefined {
  return finding(
    count(classes.length, 'near-empty class', 'near-empty classes'),
    classes,
    ({ class: name, split, images, expected }) =>
      `${name} (${split}): ${count(images, 'picture')}, expected at least ${expected}`,
  )
}

const kinds: Readonly<Record<OddSize['kind'], string>> = {
  tiny: 'tiny',
  elongated: 'long and narrow',
  unlike: 'unlike nearly all others',
  small: 'small beside the others',
}

function odd({ oddSizes }: DatasetCheck): Finding | undefined {
  return finding(
    `${count(oddSizes.length, 'picture')} of an odd size`,
    oddSizes,
    ({ id, kind, ...dimensions }) => `${id}: ${size(dimensions)}, ${kinds[kind]}`,
  )
}

function unread({ passedOver }: DatasetCheck): Finding | undefined {
  const pictures = passedOver.filter(({ isPicture }) => isPicture)
  return finding(
    'files that are not read; convert them to JPEG or PNG',
    pictures,
    ({ extension, files }) => `${count(files, 'file')} named ${extension}`,
  )
}

const remarkLines: Readonly<Record<RemarkCount['remark'], string>> = {
  several: 'holds several pictures (an animation, pages), of which the first is read',
  profile: 'has a colour profile other than sRGB, which is passed over',
  dark: 'has 16 bits, uses the lowest 12 and comes out nearly black; multiply its values by 16',
}

function remarks({ remarks: found }: DatasetCheck): Finding | undefined {
  return finding(
    'pictures that are read otherwise than they may look',
    found,
    ({ remark, images, first }) => {
      const others = images > 1 ? ` (${images} pictures in all)` : ''
      return `${first.id}${others}: ${remarkLines[remark]}`
    },
  )
}

function byReach(groups: readonly { readonly reach: Reach }[]): string {
  return reachOrder
    .toReversed()
    .map((reach) => [reach, groups.filter((group) => group.reach === reach).length] as const)
    .filter(([, number]) => number > 0)
    .map(([reach, number]) => `${number} ${reaches[reach]}`)
    .join(', ')
}

function places(images: readonly ImagePlace[]): string {
  const more = images.length > 4 ? ` and ${images.length - 4} more` : ''
  return `${images
    .slice(0, 4)
    .map(({ id }) => id)
    .join(' = ')}${more}`
}

function size({ width, height }: { readonly width: number; readonly height: number }): string {
  return `${width}x${height}`
}

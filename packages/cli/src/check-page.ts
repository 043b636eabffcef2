import type { DatasetCheck, ExactDuplicates, ImagePlace, NearDuplicates, Reach } from '@m2l/datasets'
import {
  barChart,
  details,
  figures,
  page,
  pictureRows,
  type Section,
  type ShownPicture,
  table,
} from '@m2l/report'
import { count } from './terminal/format.js'
import { worstFirst } from './worst-first.js'

/** Small copies of pictures, by id; those that cannot be read are not there. */
export type Thumbnails = ReadonlyMap<string, Uint8Array>

/** Of each kind of finding the first ones are shown as pictures; a page of thousands would not be read. */
const mostGroups = 60
const mostOfGroup = 8
const mostOdd = 60

/** The pictures that a page of a check shows. */
export function picturesOfPage({ duplicates: { exact, near }, oddSizes }: DatasetCheck): string[] {
  const groups = [...worstFirst(exact).slice(0, mostGroups), ...worstFirst(near).slice(0, mostGroups)]
  const images = [
    ...groups.flatMap((group) => group.images.slice(0, mostOfGroup)),
    ...oddSizes.slice(0, mostOdd),
  ]
  return [...new Set(images.map(({ id }) => id))]
}

/** What a check has found, as one HTML document. */
export function checkPage(check: DatasetCheck, thumbnails: Thumbnails): string {
  const { dataset, images, splits, classes, broken, duplicates, oddSizes, nearEmpty, exclusions } = check
  return page({
    title: `Check of ${dataset}`,
    summary: `${count(images, 'picture')} of ${count(classes.length, 'class')} ${images === 1 ? 'was' : 'were'} looked at; nothing was changed.`,
    sections: [
      {
        title: 'What was found',
        content: figures([
          { label: 'broken pictures', value: broken.length },
          {
            label: 'exact copies',
            value: duplicates.exact.reduce((sum, group) => sum + group.images.length - 1, 0),
          },
          { label: 'groups that look the same', value: duplicates.near.length },
          { label: 'leaking pictures', value: check.leakage.exact + check.leakage.near },
          { label: 'near-empty classes', value: nearEmpty.length },
          { label: 'odd sizes', value: oddSizes.length },
          { label: 'proposed to leave out', value: exclusions.length },
        ]),
      },
      {
        title: 'Balance of classes',
        note: 'Pictures a class in each split.',
        content: [
          table({
            columns: [
              'split',
              ...['classes', 'pictures', 'fewest', 'median', 'most', 'most / fewest'].map(number),
            ],
            rows: splits.map(
              ({ split, classes: classCount, images: all, fewest, median, most, imbalance }) => [
                split,
                classCount,
                all,
                fewest,
                median,
                most,
                imbalance === null ? '–' : imbalance.toFixed(2),
              ],
            ),
          }),
          ...(splits.every(({ imbalance }) => imbalance === 1) ? [] : [classChart(check)]),
          details(
            'All classes',
            table({
              columns: ['class', 'split', number('pictures')],
              rows: classes.map((one) => [one.class, one.split, one.images]),
            }),
          ),
        ],
      },
      ...leakage(check),
      ...(broken.length > 0
        ? [
            {
              title: 'Broken pictures',
              content: table({
                columns: ['file', 'what is wrong'],
                rows: broken.map(({ id, reason }) => [id, reason]),
              }),
            },
          ]
        : []),
      ...exactSection(duplicates.exact, thumbnails),
      ...nearSection(check, thumbnails),
      ...oddSection(check, thumbnails),
      ...nearEmptySection(check),
    ],
  })
}

function number(name: string): { name: string; number: true } {
  return { name, number: true }
}

function classChart({ classes }: DatasetCheck) {
  const sorted = [...classes].sort((a, b) => a.images - b.images)
  return barChart({
    label: 'Pictures of each class',
    value: { label: 'pictures' },
    bars: sorted.map((one) => ({ name: one.class, value: one.images, text: String(one.images) })),
    caption: 'The classes with the fewest pictures first.',
  })
}

function leakage({ leakage: { classes, exact, near } }: DatasetCheck): Section[] {
  if (classes.length + exact + near === 0) return []
  return [
    {
      title: 'Leakage between splits',
      note: 'What is measured on must not have been learned from.',
      content: table({
        columns: ['what', 'where'],
        rows: [
          ...classes.map(({ class: name, splits }) => [`class ${name}`, splits.join(', ')]),
          ...(exact > 0
            ? [[count(exact, 'picture'), `${exact === 1 ? 'has' : 'have'} a copy in another split`]]
            : []),
          ...(near > 0
            ? [[count(near, 'picture'), `${near === 1 ? 'looks' : 'look'} like one in another split`]]
            : []),
        ],
      }),
    },
  ]
}

const reaches: Readonly<Record<Reach, string>> = {
  splits: 'in several splits',
  classes: 'in several classes',
  class: 'in one class',
}

function exactSection(groups: readonly ExactDuplicates[], thumbnails: Thumbnails): Section[] {
  if (groups.length === 0) return []
  const how = { bytes: 'the same file', pixels: 'the same pixels' }
  return [
    groupsSection('Copies', 'The same to the pixel.', groups, thumbnails, ({ match, reach }) => [
      how[match],
      reaches[reach],
    ]),
  ]
}

function nearSection({ duplicates: { near, threshold } }: DatasetCheck, thumbnails: Thumbnails): Section[] {
  if (near.length === 0) return []
  const note = `Perceptual hashes (pHash) at most ${threshold.distance} of 64 bits apart, and 8x8 fields of colour at most ${threshold.colours} of 255 levels.`
  return [
    groupsSection('Pictures that look the same', note, near, thumbnails, ({ distance, reach }) => [
      `${distance} bits`,
      reaches[reach],
    ]),
  ]
}

function groupsSection<Group extends ExactDuplicates | NearDuplicates>(
  title: string,
  note: string,
  groups: readonly Group[],
  thumbnails: Thumbnails,
  about: (group: Group) => readonly [string, string],
): Section {
  const shown = worstFirst(groups).slice(0, mostGroups)
  const rows = shown.map((group) => {
    const [what, where] = about(group)
    const [first, ...others] = shownPictures(group.images.slice(0, mostOfGroup), thumbnails, ({ id }) => id)
    const more = group.images.length > mostOfGroup ? `, first ${mostOfGroup} of ${group.images.length}` : ''
    return { name: `${what}, ${where}${more}`, groups: [first ? [first] : [], others] }
  })
  const left = groups.length - shown.length
  return {
    title,
    note:
      left > 0
        ? `${note} The first ${shown.length} of ${groups.length} groups, those across splits and classes first.`
        : note,
    content: pictureRows(['group', 'first', 'others'], rows),
  }
}

function oddSection({ oddSizes }: DatasetCheck, thumbnails: Thumbnails): Section[] {
  if (oddSizes.length === 0) return []
  const shown = oddSizes.slice(0, mostOdd)
  const rows = shown.map((one) => ({
    name: `${one.width} x ${one.height}, ${one.kind}`,
    groups: [[], shownPictures([one], thumbnails, ({ id }) => id)],
  }))
  return [
    {
      title: 'Odd sizes',
      ...(oddSizes.length > shown.length && { note: `The first ${shown.length} of ${oddSizes.length}.` }),
      content: pictureRows(['size', '', 'picture'], rows),
    },
  ]
}

function nearEmptySection({ nearEmpty }: DatasetCheck): Section[] {
  if (nearEmpty.length === 0) return []
  return [
    {
      title: 'Near-empty classes',
      content: table({
        columns: ['class', 'split', number('pictures'), number('expected')],
        rows: nearEmpty.map((one) => [one.class, one.split, one.images, one.expected]),
      }),
    },
  ]
}

function shownPictures<Place extends ImagePlace>(
  places: readonly Place[],
  thumbnails: Thumbnails,
  caption: (place: Place) => string,
): ShownPicture[] {
  return places.flatMap((place) => {
    const picture = thumbnails.get(place.id)
    return picture ? [{ picture, name: place.id, caption: caption(place) }] : []
  })
}

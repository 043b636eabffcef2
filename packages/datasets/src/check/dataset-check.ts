import type { PictureRemark } from '@m2l/pictures/pixels'
import type { LeftOut } from '../sources/left-out.js'

/** Where a picture lies. */
export interface ImagePlace {
  /** As {@link ImageRecord.id}. */
  readonly id: string
  /** The class that it counts to. */
  readonly class: string
  readonly split: string
}

/** What {@link checkDataset} finds; plain data. */
export interface DatasetCheck {
  readonly dataset: string
  readonly root: string
  /** Pictures looked at, broken ones too. */
  readonly images: number
  readonly splits: readonly SplitBalance[]
  readonly classes: readonly ClassCount[]
  /** Classes of the source that the split file does not name; their pictures were not looked at. */
  readonly classesOutside: number
  /** Classes with too few pictures. */
  readonly nearEmpty: readonly NearEmptyClass[]
  readonly broken: readonly BrokenImage[]
  readonly sizes: SizeSummary
  readonly oddSizes: readonly OddSize[]
  readonly duplicates: {
    /** Pictures that are the same to the pixel. */
    readonly exact: readonly ExactDuplicates[]
    /** Pictures that look the same. */
    readonly near: readonly NearDuplicates[]
    readonly threshold: NearThreshold
  }
  readonly leakage: Leakage
  /** Files that no picture is read from, by their ending; most numerous first. */
  readonly passedOver: readonly PassedOver[]
  /** All that lies in the source and was not read, and why. */
  readonly leftOut: readonly LeftOut[]
  /** As {@link Dataset.notes}. */
  readonly notes: readonly string[]
  /** What a person should know of how pictures were read. */
  readonly remarks: readonly RemarkCount[]
  /** What to leave out: broken pictures and copies. */
  readonly exclusions: readonly Exclusion[]
  /** What to look at and perhaps to leave out: pictures that look like one that stays. */
  readonly suggestions: readonly Exclusion[]
}

/** A class and how many pictures it has. */
export interface ClassCount {
  readonly split: string
  readonly class: string
  readonly images: number
}

/** How evenly pictures are spread over a split's classes. */
export interface SplitBalance {
  readonly split: string
  readonly classes: number
  readonly images: number
  readonly fewest: number
  readonly median: number
  readonly most: number
  /** `most / fewest`, 1 where all classes are as large; null where a class is empty. */
  readonly imbalance: number | null
}

export interface NearEmptyClass extends ClassCount {
  /** The fewest pictures that would not have been told of. */
  readonly expected: number
}

/** A file that is no readable picture. */
export interface BrokenImage extends ImagePlace {
  /** The end of a sentence that begins with its name. */
  readonly reason: string
}

/** In pixels. */
export interface SizeSummary {
  /** By area; null where no picture can be read. */
  readonly smallest: PixelSize | null
  readonly largest: PixelSize | null
  readonly mostCommon: (PixelSize & { readonly images: number }) | null
}

export interface PixelSize {
  readonly width: number
  readonly height: number
}

/** A picture whose size is out of the ordinary. */
export interface OddSize extends ImagePlace, PixelSize {
  /**
   * `tiny`: its shorter side is below `smallest`; `elongated`: one side is more than four times the other;
   * `unlike`: at least 95 % of the pictures share one size, and it has another; `small`: less than a 25th of
   * the median area.
   */
  readonly kind: 'tiny' | 'elongated' | 'unlike' | 'small'
}

/** How far apart copies lie: within a class, in several classes of a split, or in several splits. */
export type Reach = 'class' | 'classes' | 'splits'

export interface ExactDuplicates {
  /** Whether the files are the same byte for byte, or pixels only: the picture was saved again. */
  readonly match: 'bytes' | 'pixels'
  readonly reach: Reach
  /** Two or more, in order of split, class and id. */
  readonly images: readonly ImagePlace[]
}

export interface NearDuplicates {
  readonly reach: Reach
  /** The largest distance of two hashes that made these one group, in bits of 64. */
  readonly distance: number
  /** Two or more, in order of split, class and id; each looks like at least one other. */
  readonly images: readonly ImagePlace[]
}

/** When two pictures look the same: both must hold. */
export interface NearThreshold {
  /** Of the perceptual hash pHash, in bits of 64. */
  readonly distance: number
  /** The mean difference of 8x8 fields of colour, in levels of 255. */
  readonly colours: number
}

/** What of one split is also in another. */
export interface Leakage {
  /** Classes of the same name in several splits. */
  readonly classes: readonly { readonly class: string; readonly splits: readonly string[] }[]
  /** Pictures with an exact copy in another split. */
  readonly exact: number
  /** Pictures that look like one in another split; without the exact copies. */
  readonly near: number
}

export interface PassedOver {
  /** In lower case, with its dot; empty for none. */
  readonly extension: string
  readonly files: number
  /** Whether files of this kind are pictures or films that this package does not read. */
  readonly isPicture: boolean
}

/** Something to know of how some pictures were read. */
export interface RemarkCount {
  readonly remark: PictureRemark
  readonly images: number
  /** The first of them. */
  readonly first: ImagePlace
}

/** A picture to leave out, and why. */
export interface Exclusion {
  readonly id: string
  readonly reason: string
}

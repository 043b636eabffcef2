/** What is being done. */
export type Phase = 'pretrain' | 'train' | 'embed' | 'validate' | 'test'

/** How far a phase is; reported often and cheap to ignore. */
export interface Progress {
  readonly phase: Phase
  /** Counted from 1, in training phases. */
  readonly epoch?: number
  readonly epochs?: number
  readonly done: number
  readonly total: number
  /** What `done` counts. */
  readonly unit: 'batches' | 'episodes' | 'images'
  /** Mean since the phase or epoch began, as of the last time it was read from the engine. */
  readonly loss?: number
  /** Fraction of 1, likewise. */
  readonly accuracy?: number
  /** What guessing gives, a fraction of 1, where an accuracy is told. */
  readonly chance?: number
  /**
   * In training phases, the share of the time in which the engine waited for pictures, from 0 to 1; of this
   * epoch and process.
   */
  readonly waiting?: number
  /** Units a second since the phase or epoch began in this process. */
  readonly perSecond: number
  readonly secondsLeft: number
}

export type OnProgress = (progress: Progress) => void

/** Times a phase and reports its progress. */
export class ProgressMeter {
  readonly #report: OnProgress
  readonly #fixed: Pick<Progress, 'phase' | 'epoch' | 'epochs' | 'total' | 'unit' | 'chance'>
  readonly #start = performance.now()
  readonly #doneBefore: number

  /** @param doneBefore units that an earlier process has done, which say nothing of the speed of this one. */
  constructor(
    report: OnProgress | undefined,
    fixed: Pick<Progress, 'phase' | 'epoch' | 'epochs' | 'total' | 'unit' | 'chance'>,
    doneBefore = 0,
  ) {
    this.#report = report ?? (() => {})
    this.#fixed = fixed
    this.#doneBefore = doneBefore
  }

  update(done: number, measures: Pick<Progress, 'loss' | 'accuracy' | 'waiting'> = {}): void {
    const seconds = Math.max(1e-9, (performance.now() - this.#start) / 1000)
    const perSecond = (done - this.#doneBefore) / seconds
    const secondsLeft = perSecond > 0 ? (this.#fixed.total - done) / perSecond : Number.POSITIVE_INFINITY
    this.#report({ ...this.#fixed, ...measures, done, perSecond, secondsLeft })
  }
}

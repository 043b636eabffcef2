/**
 * One file of Python's package index, fixed by its hash; it is fetched with whatever pip is configured to
 * use.
 */
export interface Wheel {
  /** Name of the Python package, such as `tensorflow-cpu`. */
  readonly name: string
  readonly version: string
  /** Platform tag for `pip download --platform`; `any` where the wheel serves all. */
  readonly platform: string
  /** SHA-256 of the wheel file, 64 lower-case hexadecimal digits. */
  readonly sha256: string
}

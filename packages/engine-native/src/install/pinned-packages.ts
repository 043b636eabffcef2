/**
 * One package of the npm registry, fixed by its hash; it is fetched with whatever npm is configured to use.
 */
export interface PinnedPackage {
  readonly name: string
  readonly version: string
  /** SHA-512 of the archive that the registry holds, in base64. */
  readonly sha512: string
}

/** The package whose binding and back end the native engine is. */
export const tfjsNode = '@tensorflow/tfjs-node-gpu'

/**
 * tfjs-node and the one package that it needs while it computes. They come into the cache and not into
 * node_modules, where npm would run tfjs-node's install script, which fetches a libtensorflow of 2022.
 */
export const pinnedPackages: readonly PinnedPackage[] = [
  {
    name: tfjsNode,
    version: '4.22.0',
    sha512: 'p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==',
  },
  {
    name: 'google-protobuf',
    version: '3.21.4',
    sha512: 'MnG7N936zcKTco4Jd2PX2U96Kf9PxygAPKBug+74LHzmHXmceN16MmRcdgZv+DGef/S9YvQAfRsNCn4cjf9yyQ==',
  },
]

import type { Wheel } from '../fetch/wheel.js'

/** Wheels that together hold one libtensorflow, the wheel of TensorFlow itself first. */
export interface WheelSet {
  readonly wheels: readonly Wheel[]
  /** Bytes to download, roughly; shown to the person who waits. */
  readonly downloadBytes: number
  /**
   * Bytes that must be free on the cache's disk: the wheels and what is taken out of them lie there at once.
   */
  readonly diskBytes: number
}

/** libtensorflow without or with CUDA. */
export type Variant = 'cpu' | 'gpu'

const tensorflowVersion = '2.21.0'
const megabyte = 1e6

const linuxX64 = 'manylinux_2_27_x86_64'

const tensorflow = (name: string, platform: string, sha256: string): Wheel => ({
  name,
  version: tensorflowVersion,
  platform,
  sha256,
})

const cuda = (part: string, version: string, platform: string, sha256: string): Wheel => ({
  name: `nvidia-${part}-cu12`,
  version,
  platform,
  sha256,
})

const cpuSizes = { downloadBytes: 275 * megabyte, diskBytes: 1300 * megabyte }

/** The pinned wheels by `<variant>-<platform>-<arch>`, the last two as Node.js names them. */
export const pinnedWheels: Readonly<Record<string, WheelSet>> = {
  'cpu-linux-x64': {
    ...cpuSizes,
    wheels: [
      tensorflow(
        'tensorflow-cpu',
        linuxX64,
        '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
      ),
    ],
  },
  'cpu-linux-arm64': {
    ...cpuSizes,
    wheels: [
      tensorflow(
        'tensorflow',
        'manylinux_2_27_aarch64',
        '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
      ),
    ],
  },
  'cpu-darwin-arm64': {
    ...cpuSizes,
    wheels: [
      tensorflow(
        'tensorflow',
        'macosx_12_0_arm64',
        '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
      ),
    ],
  },
  'gpu-linux-x64': {
    downloadBytes: 3500 * megabyte,
    diskBytes: 12_000 * megabyte,
    wheels: [
      tensorflow('tensorflow', linuxX64, '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124'),
      cuda(
        'cublas',
        '12.9.3.13',
        linuxX64,
        'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
      ),
      cuda(
        'cuda-cupti',
        '12.8.90',
        'manylinux2014_x86_64',
        'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
      ),
      cuda(
        'cuda-nvcc',
        '12.9.86',
        'manylinux2010_x86_64',
        '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
      ),
      cuda(
        'cuda-nvrtc',
        '12.9.86',
        'manylinux2010_x86_64',
        '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
      ),
      cuda(
        'cuda-runtime',
        '12.9.79',
        'manylinux2014_x86_64',
        '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
      ),
      cuda(
        'cudnn',
        '9.28.0.42',
        'manylinux_2_27_x86_64',
        '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
      ),
      cuda(
        'cufft',
        '11.4.1.4',
        'manylinux2014_x86_64',
        'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
      ),
      cuda(
        'curand',
        '10.3.10.19',
        'manylinux_2_27_x86_64',
        '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
      ),
      cuda(
        'cusolver',
        '11.7.5.82',
        'manylinux_2_27_x86_64',
        '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
      ),
      cuda(
        'cusparse',
        '12.5.10.65',
        'manylinux2014_x86_64',
        '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
      ),
      cuda(
        'nccl',
        '2.32.3',
        'manylinux_2_27_x86_64',
        'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
      ),
      cuda(
        'nvjitlink',
        '12.9.86',
        'manylinux2010_x86_64',
        'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
      ),
    ],
  },
}

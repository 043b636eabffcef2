/**
 * Where the files of shipped weights are. Every address is written out: bundlers find assets by this form,
 * and copy those of names that a program could ask for.
 */
const addresses: Readonly<Record<string, () => URL>> = {
  'cifar-fs-conv64f': () => new URL('../assets/cifar-fs-conv64f.safetensors', import.meta.url),
  'emoji-conv64f': () => new URL('../assets/emoji-conv64f.safetensors', import.meta.url),
  'fc100-conv64f': () => new URL('../assets/fc100-conv64f.safetensors', import.meta.url),
  'flowers-conv64f': () => new URL('../assets/flowers-conv64f.safetensors', import.meta.url),
  'omniglot-conv64f': () => new URL('../assets/omniglot-conv64f.safetensors', import.meta.url),
}

/** The address of the safetensors file of shipped weights, a `file:` one in Node; nothing for other names. */
export function assetAddress(name: string): URL | undefined {
  return Object.hasOwn(addresses, name) ? addresses[name]!() : undefined
}

import { nearestName } from './nearest-name.js'

/** What `model.forward_encoding` of a recipe may be, and how to say so. */
export const forwardEncodings = {
  pattern: /^(FCN|(PyramidFCN|Grid)-[1-9]\d*(,[1-9]\d*)*|(Mean|Centre)(-[\w.]+(,[\w.]+)*)?)$/,
  expected:
    'FCN, PyramidFCN-N,N…, Grid-N,N…, Mean or Centre with or without stages, for example Grid-3,2 or Centre-stage7,head',
}

const kinds = ['FCN', 'PyramidFCN', 'Grid', 'Mean', 'Centre']

/** `; did you mean Centre-stage7?` of `Center-stage7`, or nothing where none is near. */
export function meantEncoding(text: string): string {
  const [kind] = text.split('-', 1)
  const near = nearestName(kind!, kinds)
  const meant = near === undefined ? undefined : `${near}${text.slice(kind!.length)}`
  return meant !== undefined && forwardEncodings.pattern.test(meant) ? `; did you mean ${meant}?` : ''
}

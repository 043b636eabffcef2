import { cifarBinary, cifarPython, exclusions, tar, zip } from './readers/archives.js'
import { pictures, plainPng } from './readers/images.js'
import { labelTable } from './readers/label-table.js'
import { manifest } from './readers/manifest.js'
import { onnx } from './readers/onnx.js'
import { pack } from './readers/pack.js'
import { pickle } from './readers/pickle.js'
import { predictions } from './readers/predictions.js'
import { mat, npz, pickledLabels, pickledPictures } from './readers/prepared.js'
import { pytorchLegacy, pytorchZip } from './readers/pytorch.js'
import { recipe } from './readers/recipe.js'
import { safetensors } from './readers/safetensors.js'
import { splitFile } from './readers/split-file.js'
import { checkpoint, classes, modelWeights } from './readers/weights.js'
import type { Reader } from './reader.js'

/** All that we read of others. */
export const readers: readonly Reader[] = [
  safetensors,
  pytorchZip,
  pytorchLegacy,
  pickle,
  checkpoint,
  modelWeights,
  onnx,
  classes,
  pack,
  manifest,
  predictions,
  splitFile,
  exclusions,
  recipe,
  labelTable,
  zip,
  tar,
  cifarBinary,
  cifarPython,
  mat,
  npz,
  pickledLabels,
  pickledPictures,
  plainPng,
  pictures,
]

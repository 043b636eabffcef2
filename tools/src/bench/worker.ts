import { InputError, loadEngine } from '@m2l/engine'
import type { Job, Measurement, WorkName } from './work.js'
import { measureEvaluation } from './works/evaluation.js'
import { measureImages } from './works/images.js'
import { measureDecodingAndEmbedding, measureEmbedding } from './works/lite0.js'
import { measureM2lStep } from './works/m2l-step.js'
import { measureInference, measureTraining } from './works/resnet12.js'

const measures: Readonly<Record<WorkName, (job: Job) => Promise<readonly number[]>>> = {
  'r12-train': measureTraining,
  'r12-infer': measureInference,
  'm2l-conv84': (job) => measureM2lStep('FourLayer_64F_4x', 84, job),
  'm2l-r12-32': (job) => measureM2lStep('R12', 32, job),
  'lite0-embed': measureEmbedding,
  'lite0-embed-decode': measureDecodingAndEmbedding,
  images: measureImages,
  eval: measureEvaluation,
}

// Carries out the job that its argument describes in JSON and prints the measurement as one line of JSON.
const job = JSON.parse(process.argv[2]!) as Job
try {
  await loadEngine({ device: 'cpu', threads: job.threads })
  const values = await measures[job.work](job)
  const measurement: Measurement = { values, peakMib: process.resourceUsage().maxRSS / 1024 }
  process.stdout.write(`${JSON.stringify(measurement)}\n`)
} catch (error) {
  if (!(error instanceof InputError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}

import { copyFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSafetensors, saveSafetensors } from '@m2l/nn/files'
import { describe, expect, it } from 'vitest'
import { copyOfPublic, emptyFolder, parity, type Cases } from './parity-folder.test.helper.js'

const quick = ['levels_c64_h2_w3_k2_q4', 'optimiser_sgd', 'interval', 'grid']

describe('the parity command', () => {
  it('prints a table and exits with 0 where all cases pass', async () => {
    const { exitCode, stdout } = await parity(await copyOfPublic(quick))
    expect(exitCode).toBe(0)
    for (const name of quick) expect(stdout).toMatch(new RegExp(`${name} .* pass `))
    expect(stdout).toMatch(/4 passed, 0 failed\n$/)
  })

  it('prints one line of JSON and nothing else where asked', async () => {
    const { exitCode, stdout, stderr } = await parity(await copyOfPublic(quick), '--json')
    const [line, ...others] = stdout.split('\n')
    const cases = quick.map((name) => ({
      case: name,
      pass: true,
      maxAbs: expect.any(Number) as number,
      maxRel: expect.any(Number) as number,
    }))
    expect(JSON.parse(line!)).toEqual({ cases, passed: 4, failed: 0 })
    expect([others, stderr, exitCode]).toEqual([[''], '', 0])
  })

  it('says what it does', async () => {
    const { exitCode, stdout, stderr } = await parity('--help')
    expect(stdout).toMatch(/^usage: npm run parity .*\n[^]*Exit codes: 0 [^\n]+\n$/)
    expect([exitCode, stderr]).toEqual([0, ''])
  })
})

describe('a folder with other numbers fails', () => {
  it.each([
    ['levels_c64_h2_w3_k2_q4', 'global', 2e-4],
    ['levels_c64_h2_w3_k2_q4', 'grad_query', 2e-4],
    ['levels_c64_h2_w3_k2_q4', 'm2l_loss', 2e-4],
    ['encoder_FourLayer_64F_4x_32', 'train', 4e-3],
    ['encoder_FourLayer_64F_4x_32', 'grad_first_conv', 4e-3],
    ['optimiser_adam', 'path', 2e-5],
  ])('%s: %s moved by twice the tolerance', async (name, tensor, share) => {
    const folder = await copyOfPublic([name])
    const file = join(folder, `${name}.safetensors`)
    const { tensors } = await loadSafetensors(file)
    const { shape, data } = tensors[tensor]!
    const values = Float32Array.from(data as Float32Array)
    const largest = values.reduce((sofar, value) => Math.max(sofar, Math.abs(value)), 0)
    values[values.length >> 1]! += share * largest
    await saveSafetensors(file, { ...tensors, [tensor]: { shape, data: values } })
    expect(await failing(folder)).toEqual([name])
  })

  it('a picture instead of another', async () => {
    const folder = await copyOfPublic(['transforms'])
    await copyFile(join(folder, 'wide.resize92crop84.png'), join(folder, 'wide.square84.png'))
    expect(await failing(folder)).toEqual(['transforms'])
  })

  it.each<[string, (one: Cases['cases'][number]) => unknown]>([
    ['interval', (one) => (one.half_width_95 = Number(one.half_width_95) * 1.001)],
    ['grid', (one) => ((one.rows as { spans: number[][] }[])[5]!.spans[1]![0]! += 1)],
    ['checkpoint', (one) => (one.epoch = 8)],
    ['transforms', (one) => (one.grid_ratio = 2.1)],
  ])('%s', async (name, change) => {
    const folder = await copyOfPublic([name], ({ cases }) => change(cases[0]!))
    expect(await failing(folder)).toEqual([name])
  })

  it('another salt', async () => {
    const names = ['optimiser_sgd', 'interval', 'checkpoint']
    const folder = await copyOfPublic(names, (content) => (content.salt = 'another'))
    expect(await failing(folder)).toEqual(names)
  })

  async function failing(folder: string): Promise<string[]> {
    const { exitCode, stdout } = await parity(folder, '--json')
    expect(exitCode).toBe(1)
    const { cases } = JSON.parse(stdout) as { cases: { case: string; pass: boolean }[] }
    return cases.filter(({ pass }) => !pass).map((one) => one.case)
  }
})

describe('a folder that cannot be used is refused in one line', () => {
  const expectRefusal = async (message: RegExp, ...args: string[]) => {
    const { exitCode, stdout, stderr } = await parity(...args)
    expect(stderr).toMatch(/^parity: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect([exitCode, stdout]).toEqual([2, ''])
  }

  it('no folder or no cases.json', async () => {
    await expectRefusal(/usage: npm run parity -- FOLDER/)
    await expectRefusal(/usage/, 'one', 'two')
    await expectRefusal(/Unknown option '--jsno'.*usage/, 'one', '--jsno')
    await expectRefusal(/cases\.json: is not there/, await emptyFolder())
  })

  it.each([
    ['{"salt": "a", "cases": [', /is not JSON/],
    ['{"cases": []}', /salt: .*expected string/],
    ['{"salt": "a", "cases": []}', /cases: Too small/],
    ['{"salt": "a", "cases": [{"case": "x"}]}', /cases\.0\.kind: .*expected string/],
    [
      '{"salt": "a", "cases": [{"case": "x", "kind": "sums"}]}',
      /case x is of the unknown kind sums; expected /,
    ],
    ['{"salt": "a", "cases": [{"case": "x", "kind": "toString"}]}', /unknown kind toString/],
    ['{"salt": "a", "cases": [{"case": "x", "kind": "grid", "rows": []}]}', /case x: rows: Too small/],
  ])('cases.json is %s', async (text, message) => {
    const folder = await emptyFolder()
    await writeFile(join(folder, 'cases.json'), text)
    await expectRefusal(message, folder)
  })

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['optimiser_sgd', { momentum: 0.9 }, /case optimiser_sgd: Unrecognized key: "momentum"/],
    ['optimiser_sgd', { optimiser: 'rmsprop' }, /optimiser: Invalid option: expected one of "sgd"\|"adam"/],
    ['encoder_R12_32', { encoder: 'R18' }, /encoder: Invalid option/],
    ['run_m2l', { graph_dropout: 0.5 }, /graph_dropout: only 0 can be compared/],
    ['run_m2l', { forward_order: ['query', 'query'] }, /forward_order: expected each of/],
    ['interval', { values: '600 accuracies' }, /values: expected <name>: uniform scale/],
    ['transforms', { outputs: ['circle84'] }, /output circle84 is unknown/],
    ['transforms', { outputs: ['grid3_row3_col0'] }, /output grid3_row3_col0 is unknown/],
    ['transforms', { images: ['narrow'] }, /narrow\.png: is not there/],
    ['checkpoint', { files: ['other.pth'] }, /other\.pth: is not there/],
  ])('%s with %o', async (name, settings, message) => {
    const folder = await copyOfPublic([name], ({ cases }) => Object.assign(cases[0]!, settings))
    await expectRefusal(message, folder)
  })

  it('a file is missing, damaged or has other tensors', async () => {
    const [name] = ['optimiser_sgd']
    const folder = await copyOfPublic([name])
    const file = join(folder, `${name}.safetensors`)
    const { tensors } = await loadSafetensors(file)
    await saveSafetensors(file, { ...tensors, other: tensors.path! })
    await expectRefusal(/tensor other is unknown; expected path/, folder)
    await saveSafetensors(file, { other: tensors.path! })
    await expectRefusal(/has no tensor path/, folder)
    await writeFile(file, 'not safetensors')
    await expectRefusal(/not a valid safetensors file/, folder)
    await rm(file)
    await expectRefusal(/optimiser_sgd\.safetensors: cannot be read/, folder)
  })

  it('two cases have one name', async () => {
    const folder = await copyOfPublic(['grid'], ({ cases }) => cases.push(cases[0]!))
    await expectRefusal(/two cases are named grid/, folder)
  })
})

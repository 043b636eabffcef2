import type { WeightsCard } from '../weights-card.js'

export const emojiConv64f: WeightsCard = {
  name: 'emoji-conv64f',
  description: 'Conv-64F-4x with the part, pixel and global levels of M2L, trained on emoji of 32x32 pixels',
  data: {
    name: 'emoji',
    pictures:
      '894 emoji drawn by eight artists each (@m2l/dataset-emoji): 572 classes to train with, 143 to choose by, 179 to test with',
    licence:
      'The drawings are under the licences of their makers, which the README of @m2l/dataset-emoji lists; none of them is in this file.',
    splits: {
      train: 'b24097ee98bc88729b6ecf9d8d80fc507e8e865e111767067e433542ec69b380',
      val: '3a3daa39be66afdff881ac6b7dc08de6df9dbc0919743420c401a4a12a3f4783',
    },
  },
  training: {
    commands: [
      'm2l pretrain --cfg configs/emoji/pretrain_Conv64F-4x.yaml',
      'm2l train --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml',
      'm2l evaluate --cfg configs/emoji/M2L_N5K1_Conv64F-4x.yaml test.episode=2000',
      'm2l evaluate --cfg configs/emoji/M2L_N5K5_Conv64F-4x.yaml -c runs/emoji/M2L_N5K1_Conv64F-4x/best.safetensors test.episode=2000',
    ],
    seed: 1,
    chosenBy:
      'the accuracy on validation classes, of pretraining (epoch 24 of 24) and of the one epoch of episodes; the recipe itself was settled with an eye on the test classes, as it says, so that the accuracy below is no benchmark',
    engine: 'TensorFlow 2.21.0 on two CPU cores, f32',
  },
  use: 'Drawings, icons and signs on a plain ground. For photographs take cifar-fs-conv64f.',
  licence: 'MIT',
  accuracy: [
    {
      split: 'test',
      ways: 5,
      shots: 1,
      queries: 7,
      episodes: 2000,
      accuracy: {
        fused: 0.7378,
        part: 0.6798,
        pixel: 0.7365,
        global: 0.7087,
      },
      interval95: {
        fused: 0.005,
        part: 0.0052,
        pixel: 0.005,
        global: 0.0051,
      },
    },
    {
      split: 'test',
      ways: 5,
      shots: 5,
      queries: 3,
      episodes: 2000,
      accuracy: {
        fused: 0.8817,
        part: 0.8343,
        pixel: 0.8762,
        global: 0.8684,
      },
      interval95: {
        fused: 0.0039,
        part: 0.0045,
        pixel: 0.0041,
        global: 0.0042,
      },
    },
  ],
  parameters: 146432,
  bytes: 588504,
  sha256: '372b1174316276ba052db2182ca37fbadaba92d89406e9b016076f81c9aafac1',
}

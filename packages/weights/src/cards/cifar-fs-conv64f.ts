import type { WeightsCard } from '../weights-card.js'

export const cifarFsConv64f: WeightsCard = {
  name: 'cifar-fs-conv64f',
  description:
    'Conv-64F-4x with the part, pixel and global levels of M2L, trained on CIFAR-FS, photographs of 32x32 pixels',
  data: {
    name: 'CIFAR-FS',
    pictures:
      'CIFAR-100 divided as by Bertinetto et al. (ICLR 2019), 600 photographs of each class: 64 classes to train with, 16 to choose by, 20 to test with',
    licence:
      'CIFAR-100 (Krizhevsky, 2009) states no licence; its photographs were collected from the web for research, and none of them is in this file.',
    splits: {
      train: '83ec4f1c455132cbc40b576da80b0f509ce3259fe9280d477eae24598720ac55',
      val: '9a15d22e9663f7b54e4d9dd3f335da79362a085ccd303026d1793c52fa4240ad',
    },
  },
  training: {
    commands: [
      'm2l pretrain --cfg configs/cifar-fs/pretrain_Conv64F-4x.yaml --precision bf16 data.image_dir=data/cifar100.zip',
      'm2l train --cfg configs/cifar-fs/M2L_N5K5_Conv64F-4x.yaml --precision bf16 data.image_dir=data/cifar100.zip',
      'm2l evaluate --cfg configs/cifar-fs/M2L_N5K1_Conv64F-4x.yaml data.image_dir=data/cifar100.zip -c runs/cifar-fs/M2L_N5K5_Conv64F-4x/best.safetensors --manifest results/manifests/cifar-fs_N5K1.json',
      'm2l evaluate --cfg configs/cifar-fs/M2L_N5K5_Conv64F-4x.yaml data.image_dir=data/cifar100.zip --manifest results/manifests/cifar-fs_N5K5.json',
    ],
    seed: 1,
    chosenBy:
      'the accuracy on validation classes: of pretraining epoch 80 of 110, of 5-way 5-shot episodes epoch 4 of 5; of the weights trained with one and with five shots those with five, which are as good at one (55.6 and 55.6 % of 2,000 validation episodes) and better at five (71.7 and 71.3 %)',
    engine: 'TensorFlow 2.21.0 on two CPU cores, training in bf16, evaluation in f32',
  },
  use: 'Photographs and everything else that is no drawing. It sees pictures at 32x32 pixels, so that things must fill them; a larger model trained on larger pictures tells more.',
  licence: 'MIT',
  accuracy: [
    {
      split: 'test',
      ways: 5,
      shots: 1,
      queries: 15,
      episodes: 2000,
      accuracy: {
        fused: 0.6369,
        part: 0.6046,
        pixel: 0.6119,
        global: 0.6214,
      },
      interval95: {
        fused: 0.0049,
        part: 0.005,
        pixel: 0.0048,
        global: 0.005,
      },
    },
    {
      split: 'test',
      ways: 5,
      shots: 5,
      queries: 15,
      episodes: 2000,
      accuracy: {
        fused: 0.7913,
        part: 0.7453,
        pixel: 0.741,
        global: 0.7754,
      },
      interval95: {
        fused: 0.0038,
        part: 0.0039,
        pixel: 0.0041,
        global: 0.0039,
      },
    },
  ],
  parameters: 146432,
  bytes: 588616,
  sha256: 'ade47c223b2833b6121e483b3926bc32e06fb9fabe3b736434b4c556efe5f14c',
}

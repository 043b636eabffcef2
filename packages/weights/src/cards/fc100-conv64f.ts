import type { WeightsCard } from '../weights-card.js'

export const fc100Conv64f: WeightsCard = {
  name: 'fc100-conv64f',
  description:
    'Conv-64F-4x with the part, pixel and global levels of M2L, trained on FC100, photographs of 32x32 pixels',
  data: {
    name: 'FC100',
    pictures:
      'CIFAR-100 divided by superclass as by Oreshkin et al. (NeurIPS 2018), 600 photographs of each class: 60 classes to train with, 20 to choose by, 20 to test with',
    licence:
      'CIFAR-100 (Krizhevsky, 2009) states no licence; its photographs were collected from the web for research, and none of them is in this file.',
    splits: {
      train: '7ece98273ebcb6401a9391554290ade7ea75d259f1c6798330099165727df7dd',
      val: 'cd4cd8cda39c9d9fed089825e6102593123b94718907a459a719d14ca6552d00',
    },
  },
  training: {
    commands: [
      'm2l pretrain --cfg configs/fc100/pretrain_Conv64F-4x.yaml data.image_dir=data/cifar100.zip',
      'm2l train --cfg configs/fc100/M2L_N5K5_Conv64F-4x.yaml data.image_dir=data/cifar100.zip',
      'm2l evaluate --cfg configs/fc100/M2L_N5K1_Conv64F-4x.yaml data.image_dir=data/cifar100.zip -c runs/fc100/M2L_N5K5_Conv64F-4x/best.safetensors --manifest results/manifests/fc100_N5K1.json',
      'm2l evaluate --cfg configs/fc100/M2L_N5K5_Conv64F-4x.yaml data.image_dir=data/cifar100.zip --manifest results/manifests/fc100_N5K5.json',
    ],
    seed: 1,
    chosenBy:
      'the accuracy on validation classes: of pretraining epoch 40 of 55, of 5-way 5-shot episodes epoch 3 of 5; of the weights trained with one and with five shots those with five, which are better at one (34.7 and 33.7 % of the queries of 2,000 validation episodes) and at five (49.2 and 46.6 %)',
    engine: 'TensorFlow 2.21.0 on two CPU cores, f32',
  },
  use: 'To compare with others on FC100, where the classes tested are of other kinds than those trained with. It sees pictures at 32x32 pixels; cifar-fs-conv64f was trained with classes of all kinds.',
  licence: 'MIT',
  accuracy: [
    {
      split: 'test',
      ways: 5,
      shots: 1,
      queries: 15,
      episodes: 2000,
      accuracy: {
        fused: 0.4012,
        part: 0.3938,
        pixel: 0.3824,
        global: 0.3859,
      },
      interval95: {
        fused: 0.0039,
        part: 0.004,
        pixel: 0.0037,
        global: 0.0039,
      },
    },
    {
      split: 'test',
      ways: 5,
      shots: 5,
      queries: 15,
      episodes: 2000,
      accuracy: {
        fused: 0.5406,
        part: 0.5127,
        pixel: 0.4852,
        global: 0.5147,
      },
      interval95: {
        fused: 0.004,
        part: 0.004,
        pixel: 0.004,
        global: 0.0041,
      },
    },
  ],
  parameters: 146432,
  bytes: 588616,
  sha256: 'a90e1e3375938aaca1e856f0ea43dc4a433fef05c0f365234dd65fca75068181',
}

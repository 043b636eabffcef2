import type { WeightsCard } from '../weights-card.js'

export const flowersConv64f: WeightsCard = {
  name: 'flowers-conv64f',
  description:
    'Conv-64F-4x with the part, pixel and global levels of M2L, trained on flowers, photographs of 84x84 pixels',
  data: {
    name: 'Oxford Flowers',
    pictures:
      '89 of the classes of Oxford Flowers-102, as far as they are divided by Meta-Dataset (Triantafillou et al., ICLR 2020): 60 classes to train with, 14 to choose by, 15 to test with',
    licence:
      'Oxford Flowers-102 (Nilsback and Zisserman, 2008) was gathered from the web and by taking pictures; none of its photographs is in this file.',
    splits: {
      train: '919badecef48fbd4c3161398b00b4b4791f5d0cf8bfdb80265b8d76d3c822f50',
      val: 'cc6cd3b1b1235eb3658cab7d94cb40a78fa0b0171af5084461ab8c0c7f921dfd',
    },
  },
  training: {
    commands: [
      'm2l pretrain --cfg configs/flowers/pretrain_Conv64F-4x.yaml data.image_dir=data/flowers89_84.zip',
      'm2l train --cfg configs/flowers/M2L_N5K1_Conv64F-4x.yaml data.image_dir=data/flowers89_84.zip',
      'm2l evaluate --cfg configs/flowers/M2L_N5K1_Conv64F-4x.yaml data.image_dir=data/flowers89_84.zip --manifest results/manifests/flowers_N5K1.json',
    ],
    seed: 1,
    chosenBy:
      'the accuracy on validation classes: of pretraining epoch 65 of 80, of 5-way 1-shot episodes epoch 4 of 5',
    engine: 'TensorFlow 2.21.0 on two CPU cores, f32',
  },
  use: 'Flowers, and photographs whose colours and details matter. It sees pictures at 84x84 pixels.',
  licence: 'MIT',
  accuracy: [
    {
      split: 'test',
      ways: 5,
      shots: 1,
      queries: 15,
      episodes: 2000,
      accuracy: {
        fused: 0.691,
        part: 0.6799,
        pixel: 0.674,
        global: 0.6806,
      },
      interval95: {
        fused: 0.0047,
        part: 0.0047,
        pixel: 0.0044,
        global: 0.0047,
      },
    },
  ],
  parameters: 146432,
  bytes: 588616,
  sha256: '087620167ef09bac0a9839fbf756c40c1f60500030d70dcf68381e892ca07858',
}

import type { WeightsCard } from '../weights-card.js'

export const omniglotConv64f: WeightsCard = {
  name: 'omniglot-conv64f',
  description:
    'Conv-64F-4x with the part, pixel and global levels of M2L, trained on Omniglot, handwritten characters of 28x28 pixels',
  data: {
    name: 'Omniglot',
    pictures:
      'Omniglot divided as by Vinyals et al. (NIPS 2016), 20 drawings of each character, at four rotations a class each: 4,112 classes to train with, 688 to choose by, 1,692 to test with',
    licence:
      'Omniglot (Lake et al., Science 2015) is distributed under the MIT licence; none of its drawings is in this file.',
    splits: {
      train: 'df5589e2e8cb162fc20bd53629d7e26153974b4e59645633baeb6fae00db2271',
      val: '7f3a87153e515f01e045dfa9aa44b8471e5941b5fe70ccae1a1274e5bda09e68',
    },
  },
  training: {
    commands: [
      'm2l pretrain --cfg configs/omniglot/pretrain_Conv64F-4x.yaml data.image_dir=data/omniglot.zip',
      'm2l train --cfg configs/omniglot/M2L_N20K1_Conv64F-4x.yaml data.image_dir=data/omniglot.zip',
      'm2l evaluate --cfg configs/omniglot/M2L_N5K1_Conv64F-4x.yaml data.image_dir=data/omniglot.zip -c runs/omniglot/M2L_N20K1_Conv64F-4x/best.safetensors --manifest results/manifests/omniglot_N5K1.json',
      'm2l evaluate --cfg configs/omniglot/M2L_N20K1_Conv64F-4x.yaml data.image_dir=data/omniglot.zip --manifest results/manifests/omniglot_N20K1.json',
    ],
    seed: 1,
    chosenBy:
      'the accuracy on validation classes: of pretraining epoch 12 of 12, of 20-way 1-shot episodes epoch 3 of 5; of the weights trained with five and with twenty ways those with twenty, which are better at five (98.1 and 98.0 % of the queries of 2,000 validation episodes) and at twenty (94.2 and 93.8 %)',
    engine: 'TensorFlow 2.21.0 on two CPU cores, f32',
  },
  use: 'Handwritten characters and signs, dark strokes on a light ground. It sees pictures at 28x28 pixels.',
  licence: 'MIT',
  accuracy: [
    {
      split: 'test',
      ways: 5,
      shots: 1,
      queries: 15,
      episodes: 2000,
      accuracy: {
        fused: 0.9785,
        part: 0.9748,
        pixel: 0.975,
        global: 0.975,
      },
      interval95: {
        fused: 0.0017,
        part: 0.0017,
        pixel: 0.0018,
        global: 0.0018,
      },
    },
    {
      split: 'test',
      ways: 20,
      shots: 1,
      queries: 15,
      episodes: 2000,
      accuracy: {
        fused: 0.9365,
        part: 0.9255,
        pixel: 0.9252,
        global: 0.9252,
      },
      interval95: {
        fused: 0.0013,
        part: 0.0014,
        pixel: 0.0014,
        global: 0.0014,
      },
    },
  ],
  parameters: 146432,
  bytes: 588616,
  sha256: '4c11473d0b0e448ca434fb053deb33157a71fda1fcf5227aca4666f0c90ebc8e',
}

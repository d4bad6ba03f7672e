import { cifarSource } from './cifar.ts';

/**
 * CIFAR-100 (Krizhevsky 2009), the paper's data set, with its fine labels.
 * Source of layout and MD5: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version". Size and
 * SHA-256: see cifar.ts.
 */
export const cifar100 = cifarSource({
  name: 'cifar100',
  title: 'CIFAR-100',
  labelBytes: [
    { title: 'coarse label', values: 20 },
    { title: 'fine label', values: 100 },
  ],
  train: ['train.bin'],
  test: ['test.bin'],
  namesFile: 'fine_label_names.txt',
  classNames:
    `apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab
    crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
    lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
    oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
    possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake
    spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
    train trout tulip turtle wardrobe whale willow_tree wolf woman worm`.split(/\s+/),
  archive: {
    file: 'cifar-100-binary.tar.gz',
    bytes: 168_513_733,
    md5: '03b5dce01913d631647c71ecec9e9cb8',
    sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
  },
});

import { openDataset } from '../../core/data/resolve.ts';

/**
 * Opens a set and prints one line of JSON: its identity, and how often its progress told of decoded
 * images. A process of its own, which a test can kill.
 */
const [spec, folder] = process.argv.slice(2) as [string, string];
let decoded = 0;
const { identity, trainCount, leftOut } = await openDataset(spec, {
  folder,
  onProgress: ({ phase }) => {
    if (phase === 'decode' && decoded++ === 0) console.log('decoding');
  },
});
console.log(JSON.stringify({ identity, trainCount, leftOut: leftOut?.count ?? 0, decoded }));

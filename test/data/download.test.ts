import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import type { OfficialArchive } from '../../core/data/archives.ts';
import { archiveUrl } from '../../core/data/archives.ts';
import { downloadArchive } from '../../core/data/download.ts';
import { findOfficial } from '../../core/data/official.ts';
import type { DataProgress } from '../../core/data/progress.ts';
import { downloadMeter } from '../../core/data/progress.ts';
import { LabError } from '../../core/base/errors.ts';
import { downloadOfficial, openDataset } from '../../core/data/resolve.ts';
import { officialSources } from '../../core/data/sets/sets.ts';
import { tinyImageNet } from '../../core/data/sets/tiny-imagenet.ts';
import { zipOf } from '../train/torch-files.ts';
import { halves } from './photographs.ts';
import { cifar10 } from '../../core/data/sets/cifar-10.ts';
import { cifar100 } from '../../core/data/sets/cifar-100.ts';
import { temporaryFolder } from './support.ts';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >>> 5);
const archive: OfficialArchive = {
  site: 'http://127.0.0.1/',
  name: 'cifar100',
  file: 'images.tar.gz',
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  md5: createHash('md5').update(content).digest('hex'),
};
const partName = `${archive.file}.part`;
/** Tries that follow each other at once, and a short silence. */
const patience = { stall: 300, retries: [1, 1, 1, 1] };

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  count: number,
) => void | Promise<void>;

/**
 * A server on this machine that answers with `handler`, and what it was asked for: the Range of
 * each request.
 */
async function serve(
  t: TestContext,
  handler: Handler,
): Promise<{ url: URL; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.range);
    void handler(request, response, asked.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/${archive.file}`), asked };
}

/**
 * The bytes from the asked-for one on, as a server that knows Range does; `sent` fewer than
 * promised cuts the connection.
 */
const sendRange = (
  request: IncomingMessage,
  response: ServerResponse,
  bytes = content,
  sent?: number,
): void => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start >= bytes.length) {
    response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end();
    return;
  }
  const body = bytes.subarray(start);
  const ranged = request.headers.range !== undefined;
  response.writeHead(ranged ? 206 : 200, {
    'Content-Length': body.length,
    ...(ranged ? { 'Content-Range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  if (sent === undefined) response.end(body);
  else response.write(body.subarray(0, sent), () => setTimeout(() => response.destroy(), 20));
};

const send: Handler = (request, response) => {
  sendRange(request, response);
};

/** A server that does not know Range. */
const sendAll: Handler = (_request, response) => {
  response.writeHead(200, { 'Content-Length': content.length }).end(content);
};

const files = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

async function assertComplete(folder: string, path: string): Promise<void> {
  assert.equal(path, join(folder, archive.file));
  assert.ok((await readFile(path)).equals(content));
  assert.deepEqual(await files(folder), [archive.file], 'nothing else is left');
}

describe('a whole download', () => {
  test('comes in one connection, is checked, and appears under its name', async (t) => {
    const folder = join(await temporaryFolder(t), 'made', 'when', 'missing');
    const { url, asked } = await serve(t, send);
    const seen: DataProgress[] = [];
    const path = await downloadArchive(archive, {
      folder,
      url,
      patience,
      onProgress: (p) => seen.push(p),
    });
    await assertComplete(folder, path);
    assert.deepEqual(asked, [undefined]);
    const last = seen.findLast((p) => p.phase === 'download');
    assert.equal(last?.done, content.length);
    assert.equal(last.total, content.length);
    assert.deepEqual(seen.at(-1), { phase: 'check', done: content.length, total: content.length });
  });

  test('one that is there already is taken as it is, without a connection', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, archive.file), content);
    const { url, asked } = await serve(t, send);
    await assertComplete(folder, await downloadArchive(archive, { folder, url }));
    assert.deepEqual(asked, []);
  });

  test('of unknown length', async (t) => {
    const folder = await temporaryFolder(t);
    const { url } = await serve(
      t,
      (_request, response) => void response.writeHead(200).end(content),
    );
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
  });

  test('is stored as it was sent, also when the server calls it encoded', async (t) => {
    const folder = await temporaryFolder(t);
    const { url } = await serve(t, (_request, response) => {
      response
        .writeHead(200, { 'Content-Encoding': 'x-gzip', 'Content-Length': content.length })
        .end(content);
    });
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
  });

  test('follows redirects, but not for ever', async (t) => {
    const folder = await temporaryFolder(t);
    const { url, asked } = await serve(t, (request, response) => {
      if (request.url === '/elsewhere') sendRange(request, response);
      else
        response
          .writeHead(302, { Location: request.url === '/loop' ? '/loop' : '/elsewhere' })
          .end();
    });
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
    assert.equal(asked.length, 2);
    const other = await temporaryFolder(t);
    await assert.rejects(
      downloadArchive(archive, { folder: other, url: new URL('/loop', url), patience }),
      {
        code: 'data.download-refused',
        message: /redirects more than 5 times/,
      },
    );
  });
});

describe('going on', () => {
  test('after cut connections, each from where the last one ended', async (t) => {
    const folder = await temporaryFolder(t);
    const { url, asked } = await serve(t, (request, response, count) => {
      sendRange(request, response, content, count < 4 ? 70_000 : undefined);
    });
    const retries: DataProgress[] = [];
    const onProgress = (p: DataProgress) => p.phase === 'retry' && retries.push(p);
    await assertComplete(
      folder,
      await downloadArchive(archive, { folder, url, patience, onProgress }),
    );
    assert.deepEqual(asked, [undefined, 'bytes=70000-', 'bytes=140000-', 'bytes=210000-']);
    assert.equal(retries.length, 3);
  });

  test('after an interrupted run, with the part that it left', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, partName), content.subarray(0, 123_456));
    const { url, asked } = await serve(t, send);
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
    assert.deepEqual(asked, ['bytes=123456-']);
  });

  test('after killed runs, with the longest part of a process that is gone; the others are removed', async (t) => {
    const folder = await temporaryFolder(t);
    const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await once(gone, 'exit');
    await writeFile(join(folder, `${archive.file}.${gone.pid}.part`), content.subarray(0, 200_000));
    await writeFile(join(folder, partName), content.subarray(0, 5));
    const { url, asked } = await serve(t, send);
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
    assert.deepEqual(asked, ['bytes=200000-']);
  });

  test('the part of a process that still runs is left to it', async (t) => {
    const folder = await temporaryFolder(t);
    const theirs = `${archive.file}.${process.ppid}.part`;
    await writeFile(join(folder, theirs), content.subarray(0, 200_000));
    const { url, asked } = await serve(t, send);
    await downloadArchive(archive, { folder, url, patience });
    assert.deepEqual(asked, [undefined]);
    assert.deepEqual(await files(folder), [archive.file, theirs].sort());
  });

  test('with a part that was complete', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, partName), content);
    const { url } = await serve(t, send);
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
  });

  test('starts over when the server does not know Range', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, partName), content.subarray(0, 100_000));
    const { url, asked } = await serve(t, sendAll);
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
    assert.equal(asked.length, 1);
  });

  test('starts over when the part is of another file', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, partName), new Uint8Array(100_000));
    const { url, asked } = await serve(t, send);
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
    assert.deepEqual(asked, ['bytes=100000-', undefined]);
  });

  test('starts over when the part is longer than the file', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, partName), new Uint8Array(content.length + 1));
    const { url, asked } = await serve(t, send);
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
    assert.deepEqual(asked, [`bytes=${content.length + 1}-`, undefined]);
  });

  test('after a server error and after silence', async (t) => {
    const folder = await temporaryFolder(t);
    const { url, asked } = await serve(t, (request, response, count) => {
      if (count === 1) response.writeHead(503).end();
      else if (count === 3) sendRange(request, response);
      // And no more.
      else
        response
          .writeHead(200, { 'Content-Length': content.length })
          .write(content.subarray(0, 1000));
    });
    const reasons: string[] = [];
    const onProgress = (p: DataProgress) => p.phase === 'retry' && reasons.push(p.reason);
    await assertComplete(
      folder,
      await downloadArchive(archive, { folder, url, patience, onProgress }),
    );
    assert.match(reasons[0]!, /answered 503/);
    assert.equal(reasons[1], 'nothing was received for 0.3 s');
    assert.deepEqual(asked, [undefined, undefined, 'bytes=1000-']);
  });

  test('a slow server is not a silent one', async (t) => {
    const folder = await temporaryFolder(t);
    const { url, asked } = await serve(t, (_request, response) => {
      response.writeHead(200, { 'Content-Length': content.length });
      let at = 0;
      const timer = setInterval(() => {
        response.write(content.subarray(at, (at += 50_000)));
        if (at >= content.length) clearInterval(timer);
      }, 100); // 600 ms in all, twice the silence that is allowed
    });
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
    assert.equal(asked.length, 1);
  });
});

describe('giving up', () => {
  test('after tries that bring nothing; the part stays', async (t) => {
    const folder = await temporaryFolder(t);
    const { url, asked } = await serve(t, (request, response, count) => {
      if (count === 1) sendRange(request, response, content, 1000);
      else response.destroy();
    });
    await assert.rejects(downloadArchive(archive, { folder, url, patience }), {
      code: 'data.download-broken',
      message: /broke 5 times in a row/,
      next: /continues after 1000 bytes.*KTG_DATA_MIRROR/,
    });
    assert.equal(asked.length, 5);
    assert.deepEqual(await files(folder), [partName]);
  });

  test('when the file is not on the server', async (t) => {
    const folder = await temporaryFolder(t);
    const { url, asked } = await serve(
      t,
      (_request, response) => void response.writeHead(404).end('no'),
    );
    await assert.rejects(downloadArchive(archive, { folder, url, patience }), {
      code: 'data.download-refused',
      message: /answered 404 Not Found/,
      next: /images\.tar\.gz.*--data PATH/,
    });
    assert.equal(asked.length, 1);
    assert.deepEqual(await files(folder), []);
  });

  test('when nobody listens', async (t) => {
    const folder = await temporaryFolder(t);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(
      downloadArchive(archive, { folder, url: new URL(`http://127.0.0.1:${port}/x`) }),
      {
        code: 'data.no-network',
        message: /cannot be reached: .*ECONNREFUSED/,
        next: /KTG_DATA_MIRROR/,
      },
    );
  });

  test('when the content is another; the wrong file is not kept', async (t) => {
    const folder = await temporaryFolder(t);
    const { url, asked } = await serve(t, (request, response) => {
      sendRange(request, response, new Uint8Array(1000));
    });
    await assert.rejects(downloadArchive(archive, { folder, url, patience }), {
      code: 'data.wrong-checksum',
      message: new RegExp(`has MD5 [0-9a-f]{32}, expected ${archive.md5}`),
    });
    assert.equal(asked.length, 1);
    assert.deepEqual(await files(folder), []);
  });

  test('when only the SHA-256 differs: MD5 can be forged', async (t) => {
    const folder = await temporaryFolder(t);
    const { url } = await serve(t, send);
    const other = { ...archive, sha256: '0'.repeat(64) };
    await assert.rejects(downloadArchive(other, { folder, url, patience }), {
      code: 'data.wrong-checksum',
      message: new RegExp(`has SHA-256 ${archive.sha256}, expected 0{64}`),
    });
    assert.deepEqual(await files(folder), []);
  });

  test('when a mirror sends without end, after the size of the archive', async (t) => {
    const folder = await temporaryFolder(t);
    let sent = 0;
    const { url, asked } = await serve(t, (_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        sent += content.length;
        response.write(content, () => !response.destroyed && sent < 100 * content.length && more());
      };
      more();
    });
    const expected = {
      code: 'data.too-large',
      message: /sends more than the 300000 bytes of images/,
    };
    await assert.rejects(downloadArchive(archive, { folder, url, patience }), expected);
    assert.ok(sent < 100 * content.length, 'it was cut off');
    assert.equal(asked.length, 1);
    assert.deepEqual(await files(folder), []);
  });

  test('when a mirror goes on after the end of a part, or promises more than the archive', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, partName), content.subarray(0, 100_000));
    const longer = new Uint8Array(content.length + 1);
    const { url } = await serve(t, (request, response) => {
      sendRange(request, response, longer);
    });
    await assert.rejects(downloadArchive(archive, { folder, url, patience }), {
      code: 'data.too-large',
    });
    assert.deepEqual(await files(folder), []);
    await assert.rejects(downloadArchive(archive, { folder, url, patience }), {
      code: 'data.too-large',
    });
    assert.deepEqual(await files(folder), []);
  });

  test('when the server promises more than the disk holds', async (t) => {
    const folder = await temporaryFolder(t);
    const { url } = await serve(t, (_request, response) => {
      response.writeHead(200, { 'Content-Length': 2 ** 52 }).write(content);
    });
    await assert.rejects(downloadArchive(archive, { folder, url, patience }), {
      code: 'data.no-space',
      message: /MB are free, 4503599677 MB are needed/,
      next: /KTG_DATA/,
    });
  });

  test('when the data folder cannot be made', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'file'), '');
    const { url } = await serve(t, send);
    await assert.rejects(
      downloadArchive(archive, { folder: join(folder, 'file', 'data'), url, patience }),
      {
        code: 'data.folder-not-writable',
        next: /KTG_DATA/,
      },
    );
  });

  test(
    'when the data folder is read-only',
    { skip: process.getuid?.() === 0 && 'root may write anywhere' },
    async (t) => {
      const folder = await temporaryFolder(t);
      await chmod(folder, 0o500);
      const { url } = await serve(t, send);
      await assert.rejects(downloadArchive(archive, { folder, url, patience }), {
        code: 'data.folder-not-writable',
      });
    },
  );

  test('when told to, with its reason; the part is taken up later', async (t) => {
    const folder = await temporaryFolder(t);
    const { url, asked } = await serve(t, (request, response, count) => {
      if (count > 1) sendRange(request, response);
      else {
        response
          .writeHead(200, { 'Content-Length': content.length })
          .write(content.subarray(0, 50_000));
        // After the pace of events.
        setTimeout(() => response.write(content.subarray(50_000, 60_000)), 150);
      }
    });
    const stop = new AbortController();
    const onProgress = (p: DataProgress) => {
      if (p.phase === 'download' && p.done > 0) stop.abort(new Error('closed by the user'));
    };
    await assert.rejects(
      downloadArchive(archive, { folder, url, onProgress, signal: stop.signal }),
      /closed by the user/,
    );
    assert.deepEqual(await files(folder), [partName]);
    await assertComplete(folder, await downloadArchive(archive, { folder, url, patience }));
    assert.equal(asked.length, 2);
    assert.match(asked[1]!, /^bytes=[1-9]\d*-$/);
  });

  test('when told to while it waits for the next try', async (t) => {
    const folder = await temporaryFolder(t);
    const { url } = await serve(t, (_request, response) => void response.destroy());
    const stop = new AbortController();
    const onProgress = (p: DataProgress) =>
      p.phase === 'retry' && setTimeout(() => stop.abort(new Error('stopped')), 10);
    const options = {
      folder,
      url,
      onProgress,
      signal: stop.signal,
      patience: { stall: 300, retries: [60_000] },
    };
    await assert.rejects(downloadArchive(archive, options), /stopped/);
  });

  test('when this process downloads the file already', async (t) => {
    const folder = await temporaryFolder(t);
    const asked = Promise.withResolvers<undefined>();
    const mayAnswer = Promise.withResolvers<undefined>();
    const { url } = await serve(t, async (request, response, count) => {
      asked.resolve(undefined);
      await mayAnswer.promise;
      void send(request, response, count);
    });
    const first = downloadArchive(archive, { folder, url, patience });
    await asked.promise;
    await assert.rejects(downloadArchive(archive, { folder, url, patience }), {
      code: 'data.download-underway',
    });
    mayAnswer.resolve(undefined);
    await assertComplete(folder, await first);
  });
});

test('a set of several files gets a folder; only what is missing is asked for', async (t) => {
  const parts = ['images', 'labels'].map((file) => ({ file, content: Buffer.from(`all ${file}`) }));
  const asked: (string | undefined)[] = [];
  const { url } = await serve(t, ({ url: path }, response) => {
    asked.push(path);
    response.end(parts.find(({ file }) => path === `/${file}.gz`)!.content);
  });
  const files = parts.map(({ file, content: bytes }) => ({
    name: 'pair',
    site: new URL('/', url).href,
    file: `${file}.gz`,
    folder: 'pair',
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    md5: createHash('md5').update(bytes).digest('hex'),
  }));
  const pair = { ...cifar10, name: 'pair', files };
  const folder = await temporaryFolder(t);
  assert.equal(await findOfficial(pair, folder), undefined);
  const path = await downloadOfficial(pair, { folder });
  assert.equal(path, join(folder, 'pair'));
  assert.deepEqual((await readdir(path)).sort(), ['images.gz', 'labels.gz']);
  assert.equal(await findOfficial(pair, folder), path);
  await rm(join(path, 'labels.gz'));
  assert.equal(await findOfficial(pair, folder), undefined);
  await downloadOfficial(pair, { folder });
  assert.deepEqual(asked, ['/images.gz', '/labels.gz', '/labels.gz']);
});

test('Tiny-ImageNet-200 comes from a mirror as a zip archive and is read from it', async (t) => {
  const image = await halves(64, 64, [
    [90, 90, 90],
    [160, 160, 160],
  ]);
  const packed = zipOf(
    Object.entries({
      'wnids.txt': Buffer.from('n01\nn02\n'),
      'val/val_annotations.txt': Buffer.from('0.JPEG\tn02\t0\t0\t9\t9\n'),
      'train/n01/images/n01_0.JPEG': image,
      'train/n02/images/n02_0.JPEG': image,
      'val/images/0.JPEG': image,
    }).map(([name, data]) => ({ name: `tiny-imagenet-200/${name}`, data })),
  );
  const zip = new Uint8Array(packed);
  const { url, asked } = await serve(t, (request, response) => {
    sendRange(request, response, zip, asked.length === 1 ? 300 : undefined);
  });
  const [official] = tinyImageNet.files;
  const part = {
    ...official!,
    site: new URL('/', url).href,
    bytes: zip.length,
    sha256: createHash('sha256').update(zip).digest('hex'),
    md5: createHash('md5').update(zip).digest('hex'),
  };
  const folder = await temporaryFolder(t);
  const path = await downloadOfficial({ ...tinyImageNet, files: [part] }, { folder });
  assert.deepEqual(asked, [undefined, 'bytes=300-'], 'after a cut connection it went on');
  const set = await openDataset(path, { folder });
  assert.deepEqual(
    [set.side, set.trainCount, set.testCount, [...set.labels], set.classNames],
    [64, 2, 1, [0, 1, 1], ['n01', 'n02']],
  );
});

test('what to do without a network is said for each official set', async (t) => {
  const folder = await temporaryFolder(t);
  for (const source of officialSources) {
    const files = source.files.map((file) => ({ ...file, site: 'http://127.0.0.1:9/' }));
    const [first] = files;
    await assert.rejects(downloadOfficial({ ...source, files }, { folder }), (error) => {
      assert.ok(error instanceof LabError);
      assert.equal(error.code, 'data.no-network', source.name);
      const { next } = error;
      for (const word of ['KTG_DATA_MIRROR', first!.file, '--data'])
        assert.ok(next.includes(word), `${source.name}: ${word} in ${next}`);
      return true;
    });
  }
});

describe('addresses', () => {
  const archive100 = cifar100.files[0]!;
  const archive10 = cifar10.files[0]!;

  test('the official site, or a mirror with or without a last slash', () => {
    assert.equal(
      archiveUrl(archive100, '').href,
      'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
    );
    assert.equal(
      archiveUrl(archive10, 'http://mirror/a').href,
      'http://mirror/a/cifar-10-binary.tar.gz',
    );
    assert.equal(
      archiveUrl(archive10, 'http://mirror/a/').href,
      'http://mirror/a/cifar-10-binary.tar.gz',
    );
  });

  test('a mirror that is no web address is refused', () => {
    for (const mirror of ['/home/me/data', 'ftp://mirror/a', 'mirror'])
      assert.throws(() => archiveUrl(archive10, mirror), {
        code: 'data.bad-mirror',
      });
  });
});

test('speed and time left look at the last seconds, and events keep a pace', () => {
  const seen: DataProgress[] = [];
  let now = 0;
  const meter = downloadMeter(
    (p) => seen.push(p),
    () => now,
  );
  meter(0, 10_000);
  assert.deepEqual(seen.pop(), { phase: 'download', done: 0, total: 10_000 });
  now = 50;
  meter(100, 10_000);
  assert.equal(seen.length, 0, 'too early for another event');
  now = 1000;
  meter(1000, 10_000);
  assert.deepEqual(seen.pop(), {
    phase: 'download',
    done: 1000,
    total: 10_000,
    bytesPerSecond: 1000,
    secondsLeft: 9,
  });
  now = 7000; // the first second is out of sight: 3,000 bytes in 6 s
  meter(4000, 10_000);
  assert.deepEqual(seen.pop(), {
    phase: 'download',
    done: 4000,
    total: 10_000,
    bytesPerSecond: 500,
    secondsLeft: 12,
  });
  now = 7001;
  meter(10_000, 10_000);
  assert.equal(seen.length, 1, 'the end is always told');
});

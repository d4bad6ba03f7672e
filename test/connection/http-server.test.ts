import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { connectLab } from '../../core/connection/channel.ts';
import { protocolsWith, sessionOf } from '../../core/connection/browser-session.ts';
import { webSocketPort } from '../../core/connection/port.ts';
import type { Lab } from '../../core/lab/lab.ts';
import { CHANNEL_PATH, type Served, serve } from '../../core/connection/http-server.ts';
import { scriptedLab } from '../lab/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-test-'));
mkdirSync(join(folder, 'window', 'assets'), { recursive: true });
writeFileSync(join(folder, 'window', 'index.html'), '<!doctype html><title>window</title>');
writeFileSync(join(folder, 'window', 'assets', 'app-1a2b.js'), 'export {};');
writeFileSync(join(folder, 'window', '.hidden.js'), 'secret');
writeFileSync(join(folder, 'outside.js'), 'secret');
symlinkSync(join(folder, 'outside.js'), join(folder, 'window', 'link.js'));

let lab: Lab;
let served: Served;
let session: string;

before(async () => {
  lab = scriptedLab();
  served = await serve(lab, { folder: join(folder, 'window'), patience: 1000 });
});
after(async () => {
  await served.close();
  await lab.close('at-once');
  rmSync(folder, { recursive: true });
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

const ask = async (
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: served.port,
        path,
        method,
        headers,
        setHost: !('host' in headers),
        agent: false,
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => {
          resolve({ status: response.statusCode!, headers: response.headers, body });
        });
      },
    );
    call.on('error', reject).end();
  });
/** What comes back on a bare connection that sends these bytes. */
const raw = async (text: string): Promise<string> =>
  new Promise((resolve) => {
    let answer = '';
    const socket = connect(served.port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve(answer);
      });
  });

interface Way {
  headers?: Record<string, string>;
  path?: string;
  port?: number;
}

const connectionWith = (key: string | null, way: Way): WebSocket => {
  const { headers = {}, path = CHANNEL_PATH, port = served.port } = way;
  const protocols = key === null ? [] : protocolsWith(key);
  const all = { origin: `http://127.0.0.1:${port}`, ...headers };
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: all });
  return socket.on('error', () => undefined);
};

/** A connection that was greeted, or the status that an upgrade was refused with. */
const upgrade = async (
  key: string | null,
  headers: Record<string, string> = {},
  path = CHANNEL_PATH,
): Promise<WebSocket | number> =>
  new Promise((resolve) => {
    const socket = connectionWith(key, { headers, path });
    socket.once('message', () => {
      resolve(socket);
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode!);
      socket.terminate();
    });
  });

/** The session that a key opens. */
const enter = async (key: string, port = served.port): Promise<string> => {
  const socket = connectionWith(key, { port });
  const session = await sessionOf(socket).finally(() => {
    socket.terminate();
  });
  assert.equal(socket.protocol, 'ktg-lab', 'the key is not sent back');
  return session;
};
const tokenOf = ({ url }: Served): string => /#token=([\w-]{43})$/.exec(url)![1]!;

describe('the link', () => {
  test('its token is in the part of the address that browsers send to nobody', () => {
    assert.match(served.url, /^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/);
  });

  test('its token is traded once for a session, which is another secret', async () => {
    session = await enter(tokenOf(served));
    assert.match(session, /^[\w-]{43}$/);
    assert.notEqual(session, tokenOf(served));
    await assert.rejects(enter(tokenOf(served)), {
      code: 'lab.link-used',
      message: 'This link was already used.',
      next: 'Run `ktg serve` again for a new one.',
    });
    assert.equal(await enter(session), session);
  });

  test('looking at its address, as curl does, does not use it up', async () => {
    const other = await serve(lab, { folder: join(folder, 'window') });
    try {
      for (const method of ['HEAD', 'GET'])
        assert.equal((await fetch(other.url, { method })).status, 200);
      assert.notEqual(await enter(tokenOf(other), other.port), session, 'every server has its own');
    } finally {
      await other.close();
    }
  });

  test('a wrong key opens nothing', async () => {
    for (const wrong of ['x', `${session}x`, session.slice(0, -1), 'a'.repeat(43)])
      await assert.rejects(enter(wrong), { code: 'lab.stranger' }, wrong);
    assert.equal(await upgrade(null), 401, 'no key');
    assert.equal(
      await upgrade(null, { cookie: `ktg-${served.port}=${session}` }),
      401,
      'a cookie is no key',
    );
    const query = `${CHANNEL_PATH}?token=${session}`;
    assert.equal(await upgrade(null, {}, query), 401, 'nor is an address');
  });

  test('a refused connection is ended, whatever it sends', async () => {
    const socket = await upgrade('wrong');
    assert.ok(socket instanceof WebSocket);
    const messages: unknown[] = [];
    socket.on('message', (data) => messages.push(data));
    socket.send('{"type":"request","id":1,"name":"lab.status","input":{}}');
    await once(socket, 'close');
    assert.deepEqual(messages, []);
  });

  test('refused connections that stay open shut nobody out', async () => {
    const refused = await Promise.all(Array.from({ length: 40 }, async () => upgrade('wrong')));
    for (const each of refused) if (each instanceof WebSocket) each.pause();
    assert.equal(await enter(session), session);
    for (const each of refused) if (each instanceof WebSocket) each.terminate();
  });
});

describe('hosts and origins', () => {
  test('another host name is refused: DNS rebinding', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${served.port}`,
      '127.0.0.1',
      `127.0.0.1.evil.example:${served.port}`,
      '127.0.0.1:1',
    ])
      assert.equal((await ask('/', { host })).status, 421, host);
    assert.equal((await ask('/', { host: `localhost:${served.port}` })).status, 200);
  });

  test('another origin is refused, and nothing is shared with it', async () => {
    for (const origin of [
      'http://evil.example',
      'null',
      `https://127.0.0.1:${served.port}`,
      'http://127.0.0.1:1',
    ]) {
      const { status, headers } = await ask('/', { origin });
      assert.equal(status, 403, origin);
      assert.ok(Object.keys(headers).every((name) => !name.startsWith('access-control-')));
    }
    assert.equal((await ask('/', {}, 'OPTIONS')).status, 405);
    assert.equal((await ask('/', {}, 'POST')).status, 405);
  });

  test('an upgrade needs the right host, the right origin and the session', async () => {
    assert.equal(await upgrade(session, { origin: '' }), 403, 'no origin');
    assert.equal(await upgrade(session, { origin: 'http://evil.example' }), 403);
    assert.equal(await upgrade(session, { origin: 'http://127.0.0.1:1' }), 403, 'another port');
    assert.equal(await upgrade(session, { host: `evil.example:${served.port}` }), 421);
    assert.equal(await upgrade(session, {}, '/other'), 400);
    const socket = await upgrade(session);
    assert.ok(socket instanceof WebSocket);
    const line = connectLab(webSocketPort(socket));
    assert.deepEqual(await line.api.request('studies.list', {}), []);
    line.close();
    await line.closed;
  });
});

describe('pages', () => {
  test('strict headers on every answer', async () => {
    for (const { headers } of [await ask('/'), await ask('/none.js'), await ask('/', {}, 'POST')]) {
      const policy = headers['content-security-policy'] as string;
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe|\*|http:/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['x-powered-by'], undefined);
      assert.equal(headers['set-cookie'], undefined);
    }
  });

  test('what anybody may read holds no secret', async () => {
    for (const path of ['/', '/index.html', '/assets/app-1a2b.js', '/?token=x', '/none']) {
      const { headers, body } = await ask(path);
      for (const secret of [session, tokenOf(served)])
        assert.ok(!`${JSON.stringify(headers)}${body}`.includes(secret), path);
    }
  });

  test('types and caching fit the file', async () => {
    const script = await ask('/assets/app-1a2b.js');
    assert.match(script.headers['content-type']!, /^text\/javascript/);
    assert.match(script.headers['cache-control']!, /immutable/);
    assert.equal((await ask('/')).headers['cache-control'], 'no-store');
    assert.equal((await ask('/', {}, 'HEAD')).body, '');
  });

  test('no path leads out of the folder', async () => {
    for (const path of [
      '/../outside.js',
      '/..%2foutside.js',
      '/%2e%2e/outside.js',
      '/assets/../../outside.js',
      '/.hidden.js',
      '/link.js',
      '//outside.js',
      '/assets/',
      '/assets',
      '/\\..\\outside.js',
      '/%00',
      '/a'.repeat(3000),
    ]) {
      const { status, body } = await ask(path);
      assert.ok(status === 404 || status === 400, `${path.slice(0, 40)}: ${status}`);
      assert.doesNotMatch(body, /secret/);
    }
  });
});

describe('hostile connections', () => {
  test('malformed, oversized and endless requests end, and others are still answered', async () => {
    assert.match(await raw('NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400/);
    assert.match(await raw('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'), /^HTTP\/1\.1 4/);
    assert.match(
      await raw(`GET / HTTP/1.1\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`),
      /^HTTP\/1\.1 4|^$/,
    );
    assert.equal((await ask('/')).status, 200);
  });

  test('a request that never comes to its end is cut off', async () => {
    const began = Date.now();
    assert.match(await raw('GET / HTTP/1.1\r\nHost: '), /^HTTP\/1\.1 4|^$/);
    assert.ok(Date.now() - began > 500, 'it had time');
  });

  /**
   * More connections than the lab holds, from clients that send these bytes and never close their
   * end.
   */
  const crowd = async (text: string): Promise<Socket[]> => {
    const all = Array.from({ length: 140 }, () =>
      connect({ port: served.port, host: '127.0.0.1', allowHalfOpen: true }),
    );
    for (const socket of all) {
      socket.on('error', () => undefined).resume();
      socket.write(text);
    }
    await Promise.all(
      all.map(async (socket) => {
        if (socket.connecting) await once(socket, 'connect').catch(() => undefined);
      }),
    );
    return all;
  };
  for (const [what, text] of [
    ['say nothing', ''],
    ['begin a request and stop', 'GET / HTTP/1.1\r\nHost: '],
    ['send nonsense', 'NONSENSE\r\n\r\n'],
    [
      'are refused an upgrade',
      `GET /lab HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    ],
    ['post for ever', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n'],
  ] as const)
    test(`clients that ${what} and hold their end open shut nobody out`, async () => {
      const all = await crowd(text);
      try {
        // Node looks every quarter of the patience for requests that are late.
        const answered = async (): Promise<boolean> =>
          ask('/').then(
            ({ status }) => status === 200,
            () => false,
          );
        let open = false;
        for (let tries = 0; !open && tries < 60; tries++) {
          open = await answered();
          if (!open) await sleep(100);
        }
        assert.ok(open);
      } finally {
        for (const socket of all) socket.destroy();
      }
    });

  const closes = async (send: (socket: WebSocket) => void): Promise<number> => {
    const socket = await upgrade(session);
    assert.ok(socket instanceof WebSocket);
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    send(socket);
    return closed;
  };

  test('what is not in the language of the channel closes its connection only', async () => {
    const messages: (string | Buffer)[] = [
      'hello',
      '{"type":"request"}',
      '{"type":"subscribe","id":1,"topics":["nonsense"]}',
      '[]',
      'null',
      Buffer.from([0, 1, 2]),
      '{"type":"request","id":-1,"name":"lab.status","input":{}}',
      '{"type":"answer","id":1,"output":{}}',
      'x'.repeat(3 << 20),
    ];
    for (const message of messages)
      await closes((socket) => {
        socket.send(message);
      });
    await closes((socket) => {
      for (let id = 0; id < 1000; id++)
        socket.send(JSON.stringify({ type: 'subscribe', id, topics: ['log'] }));
    });
    assert.equal((await ask('/')).status, 200);
    const socket = await upgrade(session);
    assert.ok(socket instanceof WebSocket);
    socket.terminate();
  });

  test('more windows than anybody opens are turned away', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, async () => upgrade(session)));
    assert.ok(all.filter((each) => each === 400).length >= 8);
    for (const each of all) if (each instanceof WebSocket) each.terminate();
  });
});

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { TestBroker } from './broker.ts';
import { brokerName } from '../../core/machines/subjects.ts';

/** Reads the protocol of NATS: lines, and messages whose line ends with their size in bytes. */
class Frames {
  #rest: Buffer = Buffer.alloc(0);

  /** All whole frames that have come, each message twice. */
  doubled(data: Buffer): Buffer {
    let rest = Buffer.concat([this.#rest, data]);
    const out: Buffer[] = [];
    for (;;) {
      const end = rest.indexOf('\r\n');
      if (end < 0) break;
      const line = rest.toString('latin1', 0, end);
      const isMessage = /^H?(PUB|MSG) /.test(line);
      const size = isMessage ? Number(line.split(' ').at(-1)) + 2 : 0;
      const length = end + 2 + size;
      if (rest.length < length) break;
      const frame = rest.subarray(0, length);
      out.push(frame, ...(isMessage ? [frame] : []));
      rest = rest.subarray(length);
    }
    this.#rest = rest;
    return Buffer.concat(out);
  }
}

/** Stands before a broker and plays a bad network. */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  /** Nothing passes, and nothing is closed. */
  #isSilent = false;
  /** New connections are refused. */
  #isDown = false;
  /** Milliseconds. */
  delay = 0;
  /** Every message passes twice, both ways. */
  readonly #duplicates: boolean;

  private constructor({ port, lab, certificates }: TestBroker, duplicates: boolean) {
    this.#duplicates = duplicates;
    const { ca, certificate, key } = certificates;
    const dial = (): Socket =>
      duplicates
        ? connectTls({ host: '127.0.0.1', port, ca, servername: brokerName(lab) })
        : connect(port, '127.0.0.1');
    const taken = (inner: Socket): void => {
      if (this.#isDown) {
        inner.destroy();
        return;
      }
      const outer = dial();
      const pair: [Socket, Socket] = [inner, outer];
      this.#pairs.add(pair);
      this.#pipe(inner, outer);
      this.#pipe(outer, inner);
      for (const socket of pair) {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#pairs.delete(pair);
          if (!this.#isSilent) for (const each of pair) each.destroy();
        });
      }
    };
    // Only who has the broker's key can read the messages, and send them twice.
    this.#server = duplicates
      ? createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, taken)
      : createServer(taken);
  }

  static async before(
    broker: TestBroker,
    { duplicates = false }: { duplicates?: boolean } = {},
  ): Promise<Proxy> {
    const proxy = new Proxy(broker, duplicates);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Closes all connections now. */
  cut(): void {
    for (const [inner, outer] of [...this.#pairs]) {
      inner.destroy();
      outer.destroy();
    }
  }

  /** Refuses new connections, or takes them again. */
  refuse(on: boolean): void {
    this.#isDown = on;
  }

  /** Swallows everything both ways, as a network without power does; connections stay open. */
  silence(on: boolean): void {
    this.#isSilent = on;
  }

  async close(): Promise<void> {
    this.#isSilent = false;
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pipe(from: Socket, to: Socket): void {
    const frames = new Frames();
    from.on('data', (raw) => {
      if (this.#isSilent) return; // lost for good: the connection is broken when it heals
      const data = this.#duplicates ? frames.doubled(raw) : raw;
      if (this.delay === 0) to.write(data);
      else setTimeout(() => to.write(data), this.delay);
    });
  }
}

import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { once } from 'node:events';

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

  private constructor(target: number) {
    this.#server = createServer((inner) => {
      if (this.#isDown) {
        inner.destroy();
        return;
      }
      const outer = connect(target, '127.0.0.1');
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
    });
  }

  static async before(port: number): Promise<Proxy> {
    const proxy = new Proxy(port);
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
    from.on('data', (data) => {
      if (this.#isSilent) return; // lost for good: the connection is broken when it heals
      if (this.delay === 0) to.write(data);
      else setTimeout(() => to.write(data), this.delay);
    });
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { natsServer } from '../../core/install/nats-server.ts';
import { brokerConfig } from '../../core/machines/broker-config.ts';
import { newUser } from '../../core/machines/broker-state.ts';
import { type Certificates, brokerCertificate } from '../../core/machines/certificate.ts';
import { dialBroker } from '../../core/machines/connection.ts';
import { brokerName, labInbox } from '../../core/machines/subjects.ts';
import type { Pairing } from '../../core/study/pairing.ts';
import { endProcess } from './end-process.ts';
import { freePorts, untilOpen } from './ports.ts';

const lab = 'testlab0';

/** A broker with many machines at once, which a test may kill and start again. */
export class TestBroker {
  readonly lab = lab;
  readonly port: number;
  readonly certificates: Certificates;
  readonly #program: string;
  readonly #folder: string;
  readonly #users = new Map<string, { seed: string; publicKey: string }>();
  #server: ChildProcess | null = null;

  private constructor(
    place: { program: string; port: number; folder: string; certificates: Certificates },
    machines: readonly string[],
  ) {
    const { program, port, folder, certificates } = place;
    this.#program = program;
    this.port = port;
    this.certificates = certificates;
    this.#folder = folder;
    for (const id of ['', 'probe-', ...machines]) this.#users.set(id, newUser());
    writeFileSync(
      join(this.#folder, 'broker.conf'),
      brokerConfig({
        lab: this.lab,
        host: '127.0.0.1',
        port,
        log: join(this.#folder, 'broker.log'),
        pidFile: join(this.#folder, 'broker.pid'),
        labKey: this.#users.get('')!.publicKey,
        probeKey: this.#users.get('probe-')!.publicKey,
        machines: machines.map((id) => ({ id, publicKey: this.#users.get(id)!.publicKey })),
        tls: certificates,
      }),
    );
  }

  /** @throws LabError of `natsServer` */
  static async open(machines: readonly string[]): Promise<TestBroker> {
    const [port] = (await freePorts(1)) as [number];
    const folder = mkdtempSync(join(tmpdir(), 'ktg-broker-'));
    const certificates = await brokerCertificate(folder, [brokerName(lab)]);
    const place = { program: await natsServer(), port, folder, certificates };
    const broker = new TestBroker(place, machines);
    await broker.start();
    return broker;
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  async start(): Promise<void> {
    const config = join(this.#folder, 'broker.conf');
    this.#server = spawn(this.#program, ['-c', config], { stdio: 'ignore' });
    await untilOpen(this.port);
  }

  async kill(): Promise<void> {
    if (this.#server) await endProcess(this.#server, 'SIGKILL');
  }

  /** For a lab in another process. */
  get labKey(): LabKey {
    const { ca } = this.certificates;
    return { lab: this.lab, port: this.port, seed: this.#users.get('')!.seed, ca };
  }

  labConnection(): Promise<NatsConnection> {
    return dialAsLab(this.labKey);
  }

  /** @param port of a proxy before the broker */
  pairing(machine: string, port = this.port): Pairing {
    const { seed } = this.#users.get(machine)!;
    const servers = [`127.0.0.1:${port}`];
    return {
      format: 'ktg-pairing',
      version: 1,
      lab: this.lab,
      machine,
      name: machine,
      servers,
      seed,
      ca: this.certificates.ca,
    };
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What a lab needs to dial a test broker. */
export interface LabKey {
  lab: string;
  port: number;
  seed: string;
  ca: string;
}

export const dialAsLab = ({ lab, port, seed, ca }: LabKey): Promise<NatsConnection> =>
  dialBroker({
    lab,
    ca,
    servers: [`127.0.0.1:${port}`],
    seed,
    inbox: labInbox(lab),
    name: 'lab',
    patient: true,
  });

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Msg, headers } from '@nats-io/transport-node';
import { dialLab } from '../../core/machines/connection.ts';
import { Link } from '../../core/machines/link.ts';
import {
  type Answer,
  type Order,
  PROBLEM_HEADER,
  type Welcome,
  answerSchema,
  orderSchema,
  welcomeSchema,
} from '../../core/machines/messages.ts';
import { downSubject, machineInbox, upSubject } from '../../core/machines/subjects.ts';
import { decode, encode } from '../../core/machines/wire.ts';
import type { Machines } from '../../core/machines/machines.ts';
import type { Job } from '../../core/search/runner.ts';
import { Witness, job } from '../workers/jobs.ts';
import { environment, metricsOf } from '../search/scripted-runner.ts';
import { TestBroker } from './broker.ts';
import { FAST, ScriptedAgent, versions } from './lab.ts';
import { noBroker } from './open-broker.ts';
import { joinMachines } from './support.ts';

/** An agent that says what it likes. */
class HostileAgent {
  readonly link: Link;
  readonly lab: string;
  readonly id: string;
  readonly boot = randomBytes(8).toString('hex');
  /** The start that its answers to orders name; null for no answers. */
  answersAs: string | null = this.boot;
  session = '';
  orders: Order[] = [];
  #tick = 0;
  #onOrder: (order: Order) => void = () => undefined;
  onPull: (message: Msg) => void = () => undefined;

  private constructor(link: Link, lab: string, id: string) {
    this.link = link;
    this.lab = lab;
    this.id = id;
    link.hear(downSubject(lab, id, 'order'), (message) => {
      const order = decode(orderSchema, message.data);
      const boot = this.answersAs;
      if (boot !== null) message.respond(encode({ boot, type: 'done', ...this.snapshot() }));
      this.orders.push(order);
      this.#onOrder(order);
    });
    link.hear(downSubject(lab, id, 'pull'), (message) => {
      this.onPull(message);
    });
  }

  /** Another agent with the pairing of `agent`, which has heard its session. */
  static copying({ lab, id, session }: HostileAgent, link: Link): HostileAgent {
    const copy = new HostileAgent(link, lab, id);
    copy.session = session;
    copy.answersAs = null;
    return copy;
  }

  static async start(broker: TestBroker, id: string): Promise<HostileAgent> {
    const agent = new HostileAgent(new Link(await dialLab(broker.pairing(id))), broker.lab, id);
    let welcome = await agent.hello();
    while (welcome === null) welcome = await agent.hello(); // a busy lab answers a later one
    assert.ok(welcome.type === 'welcome');
    agent.session = welcome.session;
    agent.beat();
    return agent;
  }

  snapshot(state = 'ready'): object {
    return {
      tick: ++this.#tick,
      slots: [{ name: 'cpu:0', device: 'cpu', state, problem: '' }],
    };
  }

  async hello(change: object = {}): Promise<Welcome | null> {
    const device = { name: 'cpu', title: 'x', kind: 'cpu', memory: null, slots: 1 };
    const devices = [{ ...device, maximumSlots: 1, present: true }];
    const message = {
      boot: this.boot,
      versions,
      data: ['synthetic'],
      failed: [],
      devices,
      ...this.snapshot(),
      held: [],
      ...change,
    };
    const answer = await this.ask('hello', message);
    return answer && decode(welcomeSchema, answer.data);
  }

  beat(change: object = {}): void {
    const { boot, session } = this;
    this.tell('beat', { boot, session, ...this.snapshot(), jobs: [], ...change });
  }

  /** Waits for an answer for a moment only. */
  async ask(word: string, message: object): Promise<Msg | null> {
    const subject = upSubject(this.lab, this.id, word);
    const answer = await this.link.askOnce(subject, encode(message), 400);
    return typeof answer === 'object' ? answer : null;
  }

  tell(word: string, message: object): void {
    this.link.tell(upSubject(this.lab, this.id, word), encode(message));
  }

  async report(key: object, number: number, event: object): Promise<Answer | null> {
    const { boot, session } = this;
    const answer = await this.ask('report', { boot, session, ...key, number, event });
    return answer && decode(answerSchema, answer.data);
  }

  async offer(key: object, offer: object): Promise<Msg | null> {
    const { boot, session } = this;
    return this.ask('offer', { boot, session, ...key, number: 1, ...offer });
  }

  /** Settles when the lab has sent such an order. */
  ordered(type: Order['type']): Promise<Order> {
    const known = this.orders.find((order) => order.type === type);
    if (known) return Promise.resolve(known);
    return new Promise((resolve) => {
      this.#onOrder = (order) => {
        if (order.type === type) resolve(order);
      };
    });
  }
}

void describe('an agent that lies', { skip: noBroker }, async () => {
  if (noBroker !== false) return;
  const ids = Array.from({ length: 30 }, (_, index) => `bad${index}`);
  const broker = await TestBroker.open(['honest', ...ids]);
  const honest = await ScriptedAgent.start(broker.pairing('honest'), { slots: 1 });
  const machines = await joinMachines(broker, ['honest'], { lookTime: FAST });
  const agents: HostileAgent[] = [];
  after(async () => {
    await machines.close();
    await honest.vanish();
    await Promise.all(agents.map(async ({ link }) => link.close()));
    await broker.close();
  });
  const enter = async (): Promise<HostileAgent> => {
    const id = ids.pop()!;
    machines.add({ id, name: id });
    const agent = await HostileAgent.start(broker, id);
    agents.push(agent);
    return agent;
  };
  const key = { run: 7, attempt: 1 };
  const eight: Job = job({ training: { ...job().training, epochs: 8 } });
  /** A job on the slot of a hostile agent. */
  const begin = async (agent: HostileAgent): Promise<Witness> => {
    const slot = `${agent.id}/cpu:0`;
    while (!isReady(machines, slot)) await sleep(5);
    const witness = new Witness();
    machines.start(slot, eight, witness);
    await agent.ordered('start');
    return witness;
  };
  const failsAs = async (witness: Witness, kind: string): Promise<void> => {
    const end = await witness.over;
    assert.ok(typeof end === 'object' && end.kind === kind, JSON.stringify(end));
  };
  const epoch = (number: number, accuracy = 0.5) => ({
    type: 'epoch',
    metrics: metricsOf(eight, number, accuracy, 1),
  });
  const started = { type: 'started', environment };

  await test('an epoch out of order ends the job as a breach of the contract', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    await agent.report(key, 1, started);
    assert.deepEqual(await agent.report(key, 2, epoch(5)), { type: 'gone' });
    await failsAs(witness, 'protocol');
    assert.deepEqual(witness.epochs, []);
  });

  await test('an accuracy above 1 never enters', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    await agent.report(key, 1, started);
    assert.equal(await agent.report(key, 2, epoch(1, 1.5)), null);
    assert.equal(witness.epochs.length, 0);
    assert.equal(stateOf(machines, agent.id)?.problem?.code, 'agents.bad-message');
  });

  await test('metrics of another graph end the job', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    await agent.report(key, 1, started);
    const { metrics } = epoch(1);
    await agent.report(key, 2, {
      type: 'epoch',
      metrics: { ...metrics, nodes: metrics.nodes.slice(1) },
    });
    await failsAs(witness, 'protocol');
  });

  await test('reports for runs of others are answered with "gone"', async () => {
    const agent = await enter();
    const witness = new Witness();
    while (!isReady(machines, 'honest/cpu:0') && !isReady(machines, 'honest/scripted:0'))
      await sleep(5);
    assert.deepEqual(await agent.report({ run: 1, attempt: 1 }, 1, started), { type: 'gone' });
    assert.deepEqual(witness.calls, []);
  });

  await test('reports for another attempt are answered with "gone"', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    assert.deepEqual(await agent.report({ run: 7, attempt: 2 }, 1, started), { type: 'gone' });
    assert.deepEqual(witness.calls, []);
  });

  await test('a false end is refused', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    await agent.report(key, 1, started);
    await agent.report(key, 2, { type: 'ended', end: 'completed', ...agent.snapshot() });
    await failsAs(witness, 'protocol');
  });

  await test('an unknown field is refused', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    assert.equal(await agent.report(key, 1, { ...started, run: 'rm -rf /' }), null);
    assert.deepEqual(witness.calls, []);
  });

  await test('bytes that are no message are refused', async () => {
    const agent = await enter();
    agent.link.tell(upSubject(agent.lab, agent.id, 'report'), randomBytes(5000));
    agent.link.tell(upSubject(agent.lab, agent.id, 'beat'), '{"$bytes":"AAAA"}');
    while (stateOf(machines, agent.id)?.problem?.code !== 'agents.bad-message') await sleep(5);
  });

  await test('a flood cuts the machine off, and the others go on', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    for (let count = 0; count < 30_000; count++) agent.beat();
    await failsAs(witness, 'lost');
    assert.equal(stateOf(machines, agent.id)?.problem?.code, 'agents.cut-off');
    while (stateOf(machines, 'honest')?.state !== 'reachable') await sleep(5);
  });

  await test('weights that differ from their hash or their size are refused', async () => {
    for (const wrong of ['hash', 'short', 'long'] as const) {
      const agent = await enter();
      const witness = await begin(agent);
      witness.take = async ({ bytes, sha256, chunks }) => {
        const hash = createHash('sha256');
        let length = 0;
        for await (const chunk of chunks) {
          hash.update(chunk);
          length += chunk.length;
          assert.ok(length <= bytes, 'never more than announced');
        }
        if (hash.digest('hex') !== sha256) throw new Error('damaged');
        return new Uint8Array();
      };
      const size = { hash: 1000, short: 900, long: 1100 }[wrong];
      agent.onPull = (message) => void message.respond(new Uint8Array(size));
      await agent.report(key, 1, started);
      await agent.report(key, 2, epoch(1));
      const sha256 = createHash('sha256').update(randomBytes(8)).digest('hex');
      const offer = { purpose: 'resume', urgency: 'resume', epoch: 1, bytes: 1000, sha256 };
      const answer = await agent.offer(key, offer);
      const settled = answer && decode(answerSchema, answer.data);
      assert.ok(settled?.type === 'taken' && settled.problem !== '', wrong);
      assert.deepEqual(witness.checkpoints, []);
    }
  });

  await test('a checkpoint of an epoch that was not reported ends the job', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    await agent.report(key, 1, started);
    const sha256 = '0'.repeat(64);
    const offer = { purpose: 'final', urgency: 'final', epoch: 8, bytes: 10, sha256 };
    await agent.offer(key, offer);
    await failsAs(witness, 'protocol');
  });

  await test('a checkpoint of more bytes than its networks have is refused', async () => {
    const agent = await enter();
    const witness = await begin(agent);
    await agent.report(key, 1, started);
    await agent.report(key, 2, epoch(1));
    const sha256 = '0'.repeat(64);
    const offer = { purpose: 'resume', urgency: 'resume', epoch: 1, bytes: 1.9e9, sha256 };
    await agent.offer(key, offer);
    await failsAs(witness, 'protocol');
  });

  await test('another agent with its pairing does not come in while it is there', async () => {
    const agent = await enter();
    const rival = await agent.hello({ boot: randomBytes(8).toString('hex') });
    assert.equal(rival, null);
    assert.equal(stateOf(machines, agent.id)?.problem?.code, 'agents.two-agents');
  });

  await test('a copied pairing forges neither report, offer nor beat, and is told of', async () => {
    const sha256 = '0'.repeat(64);
    const offer = { purpose: 'resume', urgency: 'resume', epoch: 1, bytes: 10, sha256 };
    const acts: Record<string, (copy: HostileAgent) => Promise<Msg | Answer | null>> = {
      report: (copy) => copy.report(key, 1, started),
      'report of another attempt': (copy) => copy.report({ run: 7, attempt: 2 }, 1, started),
      offer: (copy) => copy.offer(key, offer),
      beat: async (copy) => {
        copy.beat();
        await copy.link.connection.flush();
        return null;
      },
    };
    for (const [what, act] of Object.entries(acts)) {
      const agent = await enter();
      const witness = await begin(agent);
      // It hears everything that the lab says to the machine, but not the word of its agent.
      const link = new Link(await dialLab(broker.pairing(agent.id)));
      const copy = HostileAgent.copying(agent, link);
      agents.push(copy);
      while (stateOf(machines, agent.id)?.problem?.code !== 'agents.two-agents') {
        agent.beat();
        await agent.link.connection.flush();
        assert.equal(await act(copy), null, what);
      }
      assert.deepEqual(witness.calls, [], what);
      const answer = await agent.report(key, 1, started);
      assert.deepEqual(answer, { type: 'taken', verdict: null, problem: '' }, what);
    }
  });

  await test('an answer to an order counts only from the agent that came in', async () => {
    const agent = await enter();
    const slot = `${agent.id}/cpu:0`;
    while (!isReady(machines, slot)) await sleep(5);
    agent.answersAs = randomBytes(8).toString('hex');
    const { orders } = agent;
    machines.setSlots(`${agent.id}/cpu`, 0);
    const told = (): number => orders.filter(({ type }) => type === 'slots').length;
    while (told() < 2) {
      agent.beat();
      await sleep(5);
    }
    assert.equal(stateOf(machines, agent.id)?.problem?.code, 'agents.two-agents');
    agent.answersAs = agent.boot;
    const asked = told();
    while (told() === asked) {
      agent.beat();
      await sleep(5);
    }
    assert.equal(stateOf(machines, agent.id)?.state, 'reachable');
  });

  await test('an agent of an older protocol is told to update', async () => {
    const agent = await enter();
    const answer = await agent.hello({ versions: { ...versions, protocol: 2 } });
    assert.ok(answer?.type === 'refused');
    assert.match(answer.problem.message, /speaks protocol 2; this lab speaks protocol 3/);
    assert.equal(answer.problem.next, 'Install the same version on both.');
    assert.equal(stateOf(machines, agent.id)?.state, 'needs-update');
  });

  await test('it cannot pull weights that its jobs do not need', async () => {
    const agent = await enter();
    const sha256 = '1'.repeat(64);
    const answer = await agent.ask('pull', { run: 1, attempt: 1, sha256, offset: 0 });
    assert.match(answer?.headers?.get(PROBLEM_HEADER) ?? '', /gone/);
    assert.equal(answer?.data.length, 0);
  });

  await test('the broker lets it neither speak nor hear for another machine', async () => {
    const agent = await enter();
    const heard: string[] = [];
    for (const subject of [
      downSubject(agent.lab, 'honest', 'order'),
      `ktg.${agent.lab}.up.>`,
      `${machineInbox(agent.lab, 'honest')}.>`,
      '$SYS.>',
      '>',
    ])
      agent.link.hear(subject, (message) => heard.push(message.subject));
    const before = stateOf(machines, 'honest');
    const forged = { boot: agent.boot, session: agent.session, ...agent.snapshot(), jobs: [] };
    agent.link.tell(upSubject(agent.lab, 'honest', 'beat'), encode(forged));
    const head = headers();
    head.set('Nats-Msg-Id', 'x');
    agent.link.connection.publish(downSubject(agent.lab, 'honest', 'order'), encode(forged), {
      headers: head,
    });
    await sleep(300);
    assert.deepEqual(heard, []);
    assert.equal(stateOf(machines, 'honest')?.state, 'reachable');
    assert.deepEqual(stateOf(machines, 'honest')?.devices, before?.devices);
  });

  await test('a hello with thousands of devices or of jobs is refused', async () => {
    const agent = await enter();
    const before = stateOf(machines, agent.id)?.devices;
    const device = { title: '', kind: 'gpu', memory: null, slots: 500, maximumSlots: 512 };
    const devices = Array.from({ length: 3000 }, (_, index) => ({
      name: `gpu:${index}`,
      ...device,
      present: true,
    }));
    assert.equal(await agent.hello({ devices }), null);
    const held = Array.from({ length: 5000 }, (_, run) => ({
      run: run + 1,
      attempt: 1,
      slot: 'cpu:0',
      epoch: 0,
      number: 0,
    }));
    assert.equal(await agent.hello({ held }), null);
    assert.deepEqual(stateOf(machines, agent.id)?.devices, before);
  });

  await test('a job that it claims to hold is not kept', async () => {
    const agent = await enter();
    const held = [{ run: 5, attempt: 3, slot: 'cpu:0', epoch: 9, number: 4 }];
    const welcome = await agent.hello({ held });
    assert.ok(welcome?.type === 'welcome');
    assert.deepEqual(welcome.keep, []);
  });

  await test('a machine without a pairing does not come in', async () => {
    const pairing = broker.pairing(ids[0]!);
    const stolen = { ...pairing, seed: broker.pairing(ids[1]!).seed };
    // The key of one machine does not open the subjects of another.
    const link = new Link(await dialLab(stolen));
    const subject = upSubject(pairing.lab, pairing.machine, 'hello');
    machines.add({ id: pairing.machine, name: pairing.machine });
    assert.equal(typeof (await link.askOnce(subject, encode({}), 300)), 'string');
    assert.equal(stateOf(machines, pairing.machine)?.versions, null);
    await link.close();
  });
});

const isReady = (machines: Machines, slot: string): boolean =>
  machines.slots().some(({ name, state }) => name === slot && state === 'ready');

const stateOf = (machines: Machines, id: string) =>
  machines.machines().find((machine) => machine.id === id);

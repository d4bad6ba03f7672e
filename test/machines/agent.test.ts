import assert from 'node:assert/strict';
import { after, describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Hello,
  type Offer,
  type Report,
  beatSchema,
  helloSchema,
  offerSchema,
  orderAnswerSchema,
  reportSchema,
} from '../../core/machines/messages.ts';
import { downSubject, upSubject } from '../../core/machines/subjects.ts';
import { decode, encode } from '../../core/machines/wire.ts';
import { job } from '../workers/jobs.ts';
import { TestBroker } from './broker.ts';
import { ScriptedAgent } from './lab.ts';
import { noBroker } from './open-broker.ts';
import { AgentProcess, formulaWorker } from './support.ts';

const session = '0123456789abcdef';

/** A lab that answers as a test wants it. */
class HandMadeLab {
  readonly hellos: Hello[] = [];
  readonly offers: Offer[] = [];
  onReport: (report: Report) => Promise<void> = () => Promise.resolve();
  /** Called when the answer to a report is on its way. */
  onAnswered: (report: Report) => void = () => undefined;
  readonly #tell: (message: object) => Promise<Uint8Array>;
  #beats = 0;

  private constructor(tell: (message: object) => Promise<Uint8Array>) {
    this.#tell = tell;
  }

  static async open(t: TestContext, broker: TestBroker, id: string): Promise<HandMadeLab> {
    const connection = await broker.labConnection();
    t.after(() => connection.close());
    const lab = new HandMadeLab(async (message) => {
      const subject = downSubject(broker.lab, id, 'order');
      const payload = encode({ session, ...message });
      return (await connection.request(subject, payload, { timeout: 10_000 })).data;
    });
    const hear = (word: string, answer: (data: Uint8Array) => Promise<object | null>): void => {
      connection.subscribe(upSubject(broker.lab, id, word), {
        callback: (_error, message) =>
          void answer(message.data).then((found) => found && message.respond(encode(found))),
      });
    };
    hear('hello', async (data) => lab.#welcome(decode(helloSchema, data)));
    connection.subscribe(upSubject(broker.lab, id, 'report'), {
      callback: (_error, message) => {
        const report = decode(reportSchema, message.data);
        void lab.onReport(report).then(() => {
          const verdict = report.event.type === 'epoch' ? 'go-on' : null;
          message.respond(encode({ type: 'taken', verdict, problem: '' }));
          lab.onAnswered(report);
        });
      },
    });
    hear('offer', async (data) => {
      lab.offers.push(decode(offerSchema, data));
      return Promise.resolve({ type: 'taken', verdict: null, problem: '' });
    });
    hear('beat', async (data) => {
      decode(beatSchema, data);
      lab.#beats++;
      return Promise.resolve(null);
    });
    await connection.flush();
    return lab;
  }

  /** Settles when the agent has done the order. */
  async order(message: object): Promise<void> {
    const answer = decode(orderAnswerSchema, await this.#tell(message));
    assert.equal(answer.type, 'done');
  }

  /** Starts the job on a slot when the agent is ready. */
  async start(slot: string): Promise<void> {
    while (this.#beats < 3) await sleep(5);
    const { resume: _resume, teachers: _teachers, ...plain } = job();
    const training = { ...plain.training, epochs: 16 };
    const started = { ...plain, training, checkpointEvery: 0, resume: null, teachers: [] };
    await this.order({ type: 'start', slot, job: started });
  }

  async #welcome(hello: Hello): Promise<object> {
    this.hellos.push(hello);
    const keep = hello.held.map(({ run, attempt }) => ({ run, attempt }));
    return Promise.resolve({ type: 'welcome', session, keep, grace: 60, handEvery: 0 });
  }
}

void describe('an agent', { skip: noBroker }, async () => {
  if (noBroker !== false) return;
  const broker = await TestBroker.open(['a', 'b', 'c']);
  after(() => broker.close());

  await test('offers a checkpoint only after its epoch, however late the lab answers', async (t) => {
    const lab = await HandMadeLab.open(t, broker, 'a');
    let answered = 0;
    const early: string[] = [];
    lab.onReport = async ({ event }) => {
      await sleep(50);
      if (event.type !== 'epoch') return;
      for (const { epoch } of lab.offers.splice(0))
        if (epoch > answered) early.push(`epoch ${epoch} after epoch ${answered}`);
      answered = Math.max(answered, event.metrics.epoch);
    };
    const agent = new AgentProcess(broker.pairing('a'), formulaWorker, {
      KTG_FORMULA: JSON.stringify({ beat: 1, checkpointBytes: 1000, checkpointEvery: 0 }),
    });
    t.after(() => agent.close());
    await lab.start('cpu:0');
    while (answered < 16) await sleep(20);
    assert.deepEqual(early, []);
  });

  await test('whose data sets cannot be listed comes in all the same, and says why', async (t) => {
    const lab = await HandMadeLab.open(t, broker, 'c');
    const list = (): Promise<never> => Promise.reject(new Error('the folder is gone'));
    const agent = await ScriptedAgent.start(broker.pairing('c'), {}, { list, beat: 2 });
    t.after(() => agent.vanish());
    while (agent.log.length < 2) await sleep(5);
    assert.match(agent.log[1]!, /^The data sets could not be listed: the folder is gone$/);
    assert.ok(lab.hellos.length > 0);
  });

  await test('tells each answer in its next hello', async (t) => {
    const lab = await HandMadeLab.open(t, broker, 'b');
    let before = 0;
    lab.onAnswered = ({ event }) => {
      if (event.type !== 'epoch' || event.metrics.epoch !== 3) return;
      before = lab.hellos.length;
      void lab.order({ type: 'ping', again: true }); // in the same read of the agent's socket
    };
    const agent = await ScriptedAgent.start(broker.pairing('b'), { slots: 1, pace: 5 });
    t.after(() => agent.vanish());
    await lab.start('scripted:0');
    while (before === 0 || lab.hellos.length === before) await sleep(5);
    assert.ok(lab.hellos[before]!.held[0]!.epoch >= 3);
  });
});

import type { TestContext } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { type Broker, type BrokerOptions, openBroker } from '../../core/machines/broker.ts';
import { natsServer } from '../../core/install/nats-server.ts';

/** Reason to skip tests that need nats-server; false where it is there or can be fetched. */
export const noBroker: string | false = await natsServer().then(
  () => false,
  (error: unknown) => {
    if (!(error instanceof LabError)) throw error;
    return 'nats-server is neither installed nor can it be fetched (apt-get install nats-server)';
  },
);

/** A broker that ends with the test. */
export async function brokerFor(t: TestContext, options: BrokerOptions): Promise<Broker> {
  const broker = await openBroker(options);
  t.after(() => broker.close());
  return broker;
}

/**
 * A process that looks on at a lab from outside, as a window does, and asks it what it is told to
 * ask. Argument: lab file.
 */
import { type RequestName, TOPICS } from '../../core/lab/api.ts';
import { connectLocalSocket } from '../../core/connection/local-socket.ts';

/** A request's name and input. */
export type Question = [name: RequestName, input: object];

const { api } = (await connectLocalSocket(process.argv[2]!))!;
api.subscribe(TOPICS, () => undefined);
process.on('message', ([name, input]: Question) => {
  void api.request(name, input as never).then(() => process.send!('answered'));
});
process.on('disconnect', () => process.exit(0));
process.send!('there');

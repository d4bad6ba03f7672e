/**
 * Program on a login node, `relay.ts ADDRESS PORT`: carries connections of compute nodes to the
 * tunnel at the same port of its loopback, which sshd keeps from other machines. It only copies
 * bytes, which TLS protects from end to end, and ends with its standard input.
 */
import { connect, createServer } from 'node:net';

const [address = '', port = ''] = process.argv.slice(2);
const server = createServer((incoming) => {
  const tunnel = connect(Number(port), '127.0.0.1');
  incoming.pipe(tunnel).pipe(incoming);
  incoming.once('error', () => tunnel.destroy());
  tunnel.once('error', () => incoming.destroy());
});
server.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
server.listen(Number(port), address);
process.stdin.resume().once('end', () => process.exit());

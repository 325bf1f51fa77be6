// Loaded before the server (node --require). After SIGTERM Next.js takes no new connection, but goes on using the ones
// it has for as long as the other side keeps them. Here each further answer says that the connection ends with it, and
// what is idle is closed once the balancer has had the time to look elsewhere.
const http = require('node:http');

const IDLE_CLOSE_MS = 5000;
const servers = [];

const create = http.createServer;
http.createServer = (...options) => {
  const server = create(...options);
  servers.push(server);
  return server;
};

process.once('SIGTERM', () => {
  for (const server of servers) {
    server.prependListener('request', (request, response) => response.setHeader('Connection', 'close'));
    setTimeout(() => server.closeIdleConnections(), IDLE_CLOSE_MS).unref();
  }
});

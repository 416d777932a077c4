// Drives a real Uptime Kuma over its socket.io interface, which is all it has.
//
//   kuma_client.mjs PREFIX URL seed MONITORS   sets up a user, a notification and monitors
//   kuma_client.mjs PREFIX URL check MONITORS  logs in as that user and asks for all of them
import { createRequire } from 'node:module';

const [prefix, url, verb, count] = process.argv.slice(2);
const { io } = createRequire(`${prefix}/package.json`)('socket.io-client');
const login = { username: 'admin', password: 'Lifeboat-1234', token: '' };
const socket = io(url, { transports: ['websocket'] });

function call(event, ...args) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer to ${event}`)), 30000);
    socket.emit(event, ...args, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

async function must(event, ...args) {
  const answer = await call(event, ...args);
  if (!answer.ok) throw new Error(`${event}: ${answer.msg}`);
  return answer;
}

// The lists come unasked after a login.
function next(event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event}`)), 30000);
    socket.once(event, (list) => {
      clearTimeout(timer);
      resolve(Object.values(list));
    });
  });
}

function monitor(number) {
  return {
    type: 'http', name: `mon-${number}`, url: `${url}/api/entry-page`, method: 'GET', interval: 20,
    retryInterval: 20, resendInterval: 0, maxretries: 0, notificationIDList: { 1: true },
    ignoreTls: false, upsideDown: false, maxredirects: 10, accepted_statuscodes: ['200-299'],
    dns_resolve_type: 'A', dns_resolve_server: '1.1.1.1', docker_container: '', docker_host: null,
    proxyId: null, authMethod: null, httpBodyEncoding: 'json', description: null,
    kafkaProducerBrokers: [], kafkaProducerSaslOptions: { mechanism: 'None' }, timeout: 16,
  };
}

async function seed() {
  await must('setup', login.username, login.password);
  await must('login', login);
  await must('addNotification', {
    name: 'hook', type: 'webhook', isDefault: false, webhookURL: 'http://127.0.0.1:9/secret-hook',
    webhookContentType: 'json',
  }, null);
  for (let number = 1; number <= Number(count); number++) await must('add', monitor(number));
}

async function check() {
  const monitors = next('monitorList');
  const notifications = next('notificationList');
  await must('login', login);
  const names = (await monitors).map((one) => one.name).sort();
  if (names.length !== Number(count)) throw new Error(`${names.length} monitors: ${names}`);
  const hooks = (await notifications).map((one) => JSON.parse(one.config).webhookURL);
  if (hooks.join() !== 'http://127.0.0.1:9/secret-hook') throw new Error(`notifications: ${hooks}`);
  console.log(`${names.length} monitors, 1 notification`);
}

await new Promise((resolve) => socket.on('connect', resolve));
await (verb === 'seed' ? seed() : check());
process.exit(0);

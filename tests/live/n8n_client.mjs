// Talks to a real n8n over HTTP for the live test.
//   seed URL STATE    sets up the owner, an API key, 8 credentials and 12 workflows; writes STATE
//   churn URL STATE   changes workflows without pause until it is stopped
//   check URL STATE   asks for everything that was seeded; prints each fault and exits 1 if any
import { readFileSync, writeFileSync } from 'node:fs';

const [command, base, stateFile] = process.argv.slice(2);
const owner = {
  email: 'owner@example.com', firstName: 'Life', lastName: 'Boat', password: 'Lifeboat-1234',
};
const state = command === 'seed' ? {} : JSON.parse(readFileSync(stateFile, 'utf8'));
let cookie = '';

async function call(method, path, body) {
  const headers = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (path.startsWith('/api/')) headers['x-n8n-api-key'] = state.apiKey;
  else if (cookie) headers.cookie = cookie;
  const reply = await fetch(base + path, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body),
  });
  for (const set of reply.headers.getSetCookie()) {
    if (set.startsWith('n8n-auth=')) cookie = set.split(';')[0];
  }
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text.slice(0, 200)}`);
  return JSON.parse(text);
}

function workflowBody(i, credential, turn) {
  const kind = credential.type;
  return {
    name: `flow-${i}`,
    nodes: [
      { id: `t${i}`, name: 'Hook', type: 'n8n-nodes-base.webhook', typeVersion: 2,
        position: [0, 0], webhookId: `hook-${i}`,
        parameters: { path: `hook-${i}`, httpMethod: 'GET', options: {} } },
      { id: `h${i}`, name: 'HTTP', type: 'n8n-nodes-base.httpRequest', typeVersion: 4.2,
        position: [220, 0],
        parameters: { url: `http://127.0.0.1:9/${turn}`, authentication: 'genericCredentialType',
          genericAuthType: kind, options: {} },
        credentials: { [kind]: { id: credential.id, name: credential.name } } },
    ],
    connections: { Hook: { main: [[{ node: 'HTTP', type: 'main', index: 0 }]] } },
    settings: { executionOrder: 'v1' },
  };
}

async function seed() {
  await call('POST', '/rest/owner/setup', owner);
  const scopes = (await call('GET', '/rest/api-keys/scopes')).data;
  const key = await call('POST', '/rest/api-keys', { label: 'live', scopes, expiresAt: null });
  state.apiKey = key.data.rawApiKey;
  state.credentials = [];
  state.workflows = [];
  for (let i = 1; i <= 8; i++) {
    const body = i % 2
      ? { name: `cred-${i}`, type: 'httpHeaderAuth',
          data: { name: `X-Key-${i}`, value: `secret-value-${i}` } }
      : { name: `cred-${i}`, type: 'httpBasicAuth',
          data: { user: `user-${i}`, password: `secret-value-${i}` } };
    const made = await call('POST', '/api/v1/credentials', body);
    state.credentials.push({ ...body, id: made.id });
  }
  for (let i = 1; i <= 12; i++) {
    const body = workflowBody(i, state.credentials[(i - 1) % 8], 0);
    const made = await call('POST', '/api/v1/workflows', body);
    state.workflows.push({ id: made.id, name: body.name });
  }
  writeFileSync(stateFile, JSON.stringify(state), { mode: 0o600 });
}

async function churn() {
  for (let turn = 1; ; turn++) {
    const i = 1 + (turn % 12);
    await call('PUT', `/api/v1/workflows/${state.workflows[i - 1].id}`,
      workflowBody(i, state.credentials[(i - 1) % 8], turn));
    if (turn === 3) writeFileSync(`${stateFile}.churning`, '');
  }
}

async function workflowNames() {
  const names = [];
  let cursor = '';
  do {
    const page = await call('GET', `/api/v1/workflows?limit=5${cursor}`);
    names.push(...page.data.map((flow) => flow.name));
    cursor = page.nextCursor ? `&cursor=${encodeURIComponent(page.nextCursor)}` : '';
  } while (cursor);
  return names.sort();
}

// n8n shows fields of type password as a fixed blank; the others come back as they were saved.
// Under a wrong key all of it is {}.
async function checkCredential(seeded) {
  const found = (await call('GET', `/rest/credentials/${seeded.id}?includeData=true`)).data;
  for (const field of Object.keys(seeded.data)) {
    const isSecret = field === 'value' || field === 'password';
    const value = found.data?.[field];
    if (isSecret ? !value : value !== seeded.data[field]) {
      throw new Error(`credential ${seeded.name} came back as ${JSON.stringify(found.data)}`);
    }
  }
}

async function check() {
  const faults = [];
  const attempt = (body) => body().catch((error) => faults.push(error.message));
  await attempt(async () => {
    const names = await workflowNames();
    const expected = state.workflows.map((flow) => flow.name).sort();
    if (names.join() !== expected.join()) throw new Error(`workflows: ${names.join()}`);
  });
  await attempt(() => call('POST', '/rest/login',
    { emailOrLdapLoginId: owner.email, password: owner.password }));
  await attempt(async () => {
    const count = (await call('GET', '/rest/credentials')).data.length;
    if (count !== 8) throw new Error(`${count} credentials are listed, not 8`);
  });
  for (const seeded of state.credentials) await attempt(() => checkCredential(seeded));
  if (faults.length) {
    console.log(faults.join('\n'));
    process.exit(1);
  }
  console.log('n8n itself answers: 12 workflows, 8 credentials, all of them decrypted');
}

await { seed, churn, check }[command]();

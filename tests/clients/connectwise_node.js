// Runs npm `connectwise-rest` 1.3.0, unchanged, against the simulated ConnectWise Manage.
//
// The client only speaks https: a server in front of the simulated vendor, with the test certificate, passes its
// requests on. Opt-in: `npm install connectwise-rest@1.3.0` in a directory of its own, then with NODE_PATH,
// NODE_EXTRA_CA_CERTS (the test authority as PEM), CONNECTWISE_URL, CONNECTWISE_COMPANY, CONNECTWISE_PUBLIC_KEY,
// CONNECTWISE_PRIVATE_KEY and CONNECTWISE_CLIENT_ID set: node tests/clients/connectwise_node.js

const assert = require('assert');
const fs = require('fs');
const http = require('http');
const https = require('https');
const {ManageAPI} = require('connectwise-rest');


function front(target) {
  const cert = fs.readFileSync(process.env.TLS_CHAIN);
  const key = fs.readFileSync(process.env.TLS_KEY);
  const server = https.createServer({cert, key}, (request, response) => {
    const {method, headers, url} = request;
    const passed = http.request({host: target.hostname, port: target.port, path: url, method, headers}, answer => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function main() {
  const server = await front(new URL(process.env.CONNECTWISE_URL));
  const cwm = new ManageAPI({
    companyId: process.env.CONNECTWISE_COMPANY,
    companyUrl: `127.0.0.1:${server.address().port}`,
    publicKey: process.env.CONNECTWISE_PUBLIC_KEY,
    privateKey: process.env.CONNECTWISE_PRIVATE_KEY,
    clientId: process.env.CONNECTWISE_CLIENT_ID,
    logger: () => {},
  });
  const api = cwm.CompanyAPI;

  const companies = await cwm.paginate(api.getCompanyCompanies.bind(api), {pageSize: 40}, {orderBy: 'id asc'});
  const {count} = await api.getCompanyCompaniesCount();
  assert.strictEqual(companies.length, count);
  assert.strictEqual(new Set(companies.map(row => row.id)).size, count);
  const active = await api.getCompanyCompanies({conditions: 'status/name="Active" and deletedFlag=false', pageSize: 1000});
  assert(active.length > 0 && active.length < count && active.every(row => row.status.name === 'Active'));
  const clients = await api.getCompanyCompanies({childConditions: 'types/name="Client"', pageSize: 1000});
  assert(clients.every(row => row.types.some(type => type.name === 'Client')));

  const made = await api.postCompanyCompanies({identifier: 'NODETEST', name: 'Node Test', city: 'Bath', types: [{id: 1}]});
  const changed = await api.patchCompanyCompaniesById(made.id, [{op: 'replace', path: 'name', value: 'Node Two'}]);
  assert.strictEqual(changed.name, 'Node Two');
  const device = await api.postCompanyConfigurations({name: 'NODE-1', type: {id: 20}, company: {id: made.id}, serialNumber: 'ND-1'});
  const found = await api.getCompanyConfigurations('', {conditions: `company/id=${made.id}`});
  assert.deepStrictEqual(found.map(row => row.id), [device.id]);
  const people = await cwm.paginate(api.getCompanyContacts.bind(api), {pageSize: 300}, {fields: 'id,lastName'});
  assert(people.length > 300);
  const tickets = await cwm.ServiceAPI.getServiceTickets({conditions: 'closedFlag=false', pageSize: 10});
  assert(tickets.every(row => row.closedFlag === false));

  const again = await api.postCompanyCompanies({identifier: 'NODETEST', name: 'Node Test', city: 'Bath'}).catch(error => error);
  assert.strictEqual(again.status, 400);
  assert.strictEqual(again.data.errors[0].code, 'ObjectExists');
  server.close();
  server.closeAllConnections();
  console.log(`ok: ${companies.length} companies`);
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});

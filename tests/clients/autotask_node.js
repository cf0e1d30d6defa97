// Runs npm `@apigrate/autotask-restapi` 2.0.1, unchanged, against the simulated Autotask.
//
// Opt-in: `npm install @apigrate/autotask-restapi@2.0.1` in a directory of its own, then set
// NODE_PATH=that/node_modules, AUTOTASK_ZONE_URL, AUTOTASK_USERNAME, AUTOTASK_SECRET and AUTOTASK_INTEGRATION_CODE as
// `matchbook simulate` prints them and run it.

const assert = require('assert');
const {AutotaskRestApi, AutotaskApiError} = require('@apigrate/autotask-restapi');

const env = process.env;
// The client appends the version and zoneInformation itself.
const base = env.AUTOTASK_ZONE_URL.replace(/v1\.0\/zoneInformation$/, '');
const connect = secret =>
  new AutotaskRestApi(env.AUTOTASK_USERNAME, secret, env.AUTOTASK_INTEGRATION_CODE, {base_url: base});

async function main() {
  const api = connect(env.AUTOTASK_SECRET);
  const seen = new Set();
  let last = -1;
  for (;;) {
    const page = await api.Contacts.query({filter: [{op: 'gt', field: 'id', value: last}], maxRecords: 100});
    page.items.forEach(row => seen.add(row.id));
    if (!page.pageDetails.nextPageUrl) break;
    last = page.items[page.items.length - 1].id;
  }
  const all = {filter: [{op: 'gte', field: 'id', value: 0}]};
  assert.strictEqual((await api.Contacts.count(all)).queryCount, seen.size);

  const fields = (await api.Tickets.fieldInfo()).fields;
  const queues = fields.find(field => field.name === 'queueID').picklistValues;
  assert(queues.some(queue => queue.isActive) && queues.some(queue => !queue.isActive));
  assert.strictEqual((await api.Companies.info()).info.canDelete, false);
  assert((await api.Companies.udfInfo()).fields.length > 0);

  const either = await api.Companies.query({
    filter: [{op: 'or', items: [{op: 'eq', field: 'companyType', value: 3}, {op: 'eq', field: 'companyType', value: 7}]}],
    includeFields: ['id', 'companyType'],
  });
  assert(either.items.length > 0 && either.items.every(row => [3, 7].includes(row.companyType)));

  const owner = (await api.Resources.query({filter: [{op: 'eq', field: 'userType', value: 10}]})).items[0].id;
  const given = {companyName: 'Node & Co', companyType: 1, phone: '1', ownerResourceID: owner};
  const id = (await api.Companies.create(given, {ImpersonationResourceId: owner})).itemId;
  assert.deepStrictEqual(await api.Companies.update({id, fax: '77'}), {itemId: id});
  let item = (await api.Companies.get(id)).item;
  assert.deepStrictEqual([item.fax, item.phone, item.createdByResourceID], ['77', '1', owner]);
  await api.Companies.replace({...given, id, companyName: 'Node & Sons'});
  item = (await api.Companies.get(id)).item;
  assert.deepStrictEqual([item.fax, item.companyName], [null, 'Node & Sons']);

  const contact = (await api.CompanyContacts.create(id, {firstName: 'Ana', lastName: 'Reed', isActive: 1})).itemId;
  await api.CompanyContacts.update(id, {id: contact, title: 'Owner'});
  assert.strictEqual((await api.Contacts.get(contact)).item.title, 'Owner');
  await api.CompanyContacts.delete(id, contact);
  assert.strictEqual((await api.Contacts.get(contact)).item, null);

  const half = await api.Companies.create({companyName: 'Half'}).catch(error => error);
  assert(half instanceof AutotaskApiError);
  assert.deepStrictEqual([half.status, Array.isArray(half.details.errors)], [500, true]);
  const stranger = await connect('wrong').Companies.get(0).catch(error => error);
  assert.strictEqual(stranger.status, 401);
  console.log(`ok: ${seen.size} contacts`);
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});

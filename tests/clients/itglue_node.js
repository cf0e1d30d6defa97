// Runs npm `node-itglue` 1.0.2, unchanged, against the simulated IT Glue.
//
// Opt-in: `npm install node-itglue@1.0.2` in a directory of its own, then
//     NODE_PATH=that/node_modules ITGLUE_API_URL=http://127.0.0.1:PORT ITGLUE_API_KEY=ITG.… node tests/clients/itglue_node.js

const assert = require('assert');
const imported = require('node-itglue');
const ITGlue = imported.ITGlue || imported.default || imported;

async function main() {
  const client = new ITGlue({mode: 'apikey', apikey: process.env.ITGLUE_API_KEY});
  client.apiBaseURL = process.env.ITGLUE_API_URL;
  client.setAuthenticationMode('apikey');

  const seen = new Set();
  let page = 1;
  while (page) {
    const answer = await client.get({
      path: '/organizations',
      params: {'page[size]': 40, 'page[number]': page, sort: 'name'},
    });
    answer.data.forEach(row => seen.add(row.id));
    page = answer.meta['next-page'];
    if (!page) assert.strictEqual(answer.meta['total-count'], seen.size);
  }

  const [first] = seen;
  const one = await client.get({path: `/organizations/${first}`});
  assert.strictEqual(one.data.id, first);

  const made = await client.post({
    path: `/organizations/${first}/relationships/configurations`,
    body: {data: {type: 'configurations', attributes: {name: 'NODE-1', 'configuration-type-id': 65, 'serial-number': 'C02NODE0001'}}},
  });
  const found = await client.get({path: '/configurations', params: {'filter[serial-number]': 'C02NODE0001', include: 'configuration_interfaces'}});
  assert.deepStrictEqual(found.data.map(row => row.id), [made.data.id]);

  const changed = await client.patch({
    path: `/configurations/${made.data.id}`,
    body: {data: {type: 'configurations', attributes: {asset_tag: 'N1', 'primary-ip': '10.0.0.7'}}},
  });
  assert.strictEqual(changed.data.attributes['asset-tag'], 'N1');
  assert.strictEqual(changed.data.attributes['primary-ip'], '10.0.0.7');

  const refused = await client.get({path: '/configurations/1'}).catch(error => error);
  assert.strictEqual(refused.status, 404);
  assert.strictEqual(refused.data.errors[0].status, 404);
  console.log(`ok: ${seen.size} organizations`);
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});

// A party of the exchange in Node: buys power for every next interval until it has a match.
//
//     PARTY_PASSWORD=... node party.js mqtt://localhost:1883 anna home WATTS PRICE
//
// PRICE is what it pays at most, an integer at the product's priceScale.  It prints its match and
// its position as JSON lines, and ends.
'use strict';
const mqtt = require('mqtt');

const [url, party, area, watts, price] = process.argv.slice(2);
const password = process.env.PARTY_PASSWORD; // an argument is seen by all who list processes
const base = `rmf/1/${area}`;
const status = (word) => JSON.stringify({ v: 1, status: word });
const run = `node-${Date.now().toString(36)}`;
let requests = 0;
let matched = null;
let done = false;

const client = mqtt.connect(url, {
  username: party,
  password,
  protocolVersion: 5,
  will: { topic: `${base}/u/${party}/status`, payload: status('offline'), qos: 1 },
});

function ask(operation, fields) {
  const requestId = `${run}-${++requests}`;
  const message = {
    v: 1, requestId, partyId: party, counterPartyId: area, marketId: area, segmentId: 'power', ...fields,
  };
  client.publish(`${base}/u/${party}/req/power/${operation}`, JSON.stringify(message), { qos: 1 });
  return requestId;
}

function acknowledge(push) {
  client.publish(`${base}/u/${party}/ack/created-transaction`, JSON.stringify({
    v: 1, inResponseTo: push.requestId, partyId: party, counterPartyId: area,
    marketTransactionId: push.marketTransactionId,
  }), { qos: 1 });
}

const heard = {
  session({ tradeableInstrumentRange: interval }) {
    if (matched) return;
    const detail = { interval, price: Number(price), quantity: Number(watts) };
    ask('create-tender', {
      tender: { tenderId: `${run}-t${requests}`, side: 'BUY', tenderDetail: detail },
    });
  },
  'created-tender'({ response }) {
    if (response.responseCode !== 200) console.error(response.responseDescription);
  },
  'create-transaction'(push) {
    acknowledge(push);
    if (matched) return;
    const { tender } = push.transaction;
    matched = tender.tenderDetail;
    console.log(JSON.stringify({ matched }));
    ask('request-position', {
      requestor: party, positionParty: party, boundingInterval: matched.interval,
      resourceDesignator: tender.resourceDesignator,
    });
  },
  'reply-position'({ steps }) {
    console.log(JSON.stringify({ position: steps }));
    done = true;
    client.end();
  },
};

client.on('connect', () => {
  client.subscribe([`${base}/u/${party}/in/#`, `${base}/p/power/session`], { qos: 1 });
  client.publish(`${base}/u/${party}/status`, status('online'), { qos: 1 });
});
client.on('message', (topic, payload) => {
  const take = heard[topic.split('/').pop()];
  if (take && payload.length) take(JSON.parse(payload));
});
client.on('error', (error) => {
  if (done) return;
  console.error(error.message);
  process.exit(1);
});

// A customer's program on npm @infobip-api/sdk 0.3.2: its own calls. It lives in the folder that is told as argument.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';

const { Infobip, AuthType } = createRequire(`${process.argv[2]}/`)('@infobip-api/sdk');

const WITHIN = 30_000; // milliseconds that anything may take on a busy machine
const asked = JSON.parse(readFileSync(0));
const { url: baseUrl, name: username, password } = asked;
const api = withKey(asked.key);
const sms = api.channels.sms;

function withKey(apiKey) {
  return new Infobip({ baseUrl, apiKey, authType: AuthType.ApiKey });
}

// What the client read; it gives errors as values.
function shown(answer) {
  if (answer instanceof Error) throw answer;
  return answer.data;
}

function refused(error) {
  return { kind: error.name, status: error.response.status, told: error.response.data };
}

// So many of what `pull` gives an array of, pulled as they come.
async function collect(pull, count) {
  const found = [];
  const end = Date.now() + WITHIN;
  while (found.length < count) {
    if (Date.now() > end) throw new Error(`${found.length} of ${count} in ${WITHIN} ms`);
    found.push(...(await pull()));
    await setTimeout(20);
  }
  return found;
}

function to(number, messageId) {
  return messageId ? { to: number, messageId } : { to: number };
}

async function sendTexts() {
  const deliveryTimeWindow = { days: [asked.day], from: { hour: 6, minute: 0 }, to: { hour: 15, minute: 30 } };
  const messages = [
    {
      from: 'Heliograph',
      text: 'Hello',
      destinations: [to('41793000001', 'text-1'), to('41793000002')],
      callbackData: 'order 7',
    },
    { text: 'Žluťoučký kůň 🛰', destinations: [to('41793000003', 'text-2')], flash: true, validityPeriod: 720 },
    { text: 'Şimdi', destinations: [to('41793000004', 'text-3')], language: { languageCode: 'TR' } },
    {
      text: 'pushed',
      destinations: [to('41793000005', 'text-4')],
      notifyUrl: asked.notify_url,
      notifyContentType: 'application/json',
      callbackData: 'order 8',
    },
    { text: 'tomorrow', destinations: [to('41793000006', 'text-5')], deliveryTimeWindow },
  ];
  return shown(await sms.send({ type: 'text', bulkId: 'texts', messages, includeSmsCountInResponse: true }));
}

async function sendBinaries() {
  const messages = [
    {
      from: 'Heliograph',
      binary: { hex: '00 48 00 65', dataCoding: 8 },
      destinations: [to('41793000011', 'binary-1'), to('41793000012')],
    },
    {
      binary: { hex: '06 05 04 15 8a 00 00 FF', dataCoding: 245, esmClass: 64 },
      destinations: [to('41793000013', 'binary-2')],
    },
    {
      binary: { hex: asked.long, dataCoding: 4, esmClass: 0 },
      destinations: [to('41793000014', 'binary-3')],
      flash: true,
    },
  ];
  return shown(await sms.send({ type: 'binary', bulkId: 'binaries', messages }));
}

async function pullReports(filter) {
  return shown(await sms.reports.get(filter)).results;
}

async function follow() {
  return {
    binaries: await collect(() => pullReports({ bulkId: 'binaries', limit: 3 }), 4),
    one: await collect(() => pullReports({ messageId: 'text-1' }), 1),
    texts: await collect(() => pullReports(), 3),
    none: await pullReports(),
  };
}

async function readLogs() {
  const logs = async filter => shown(await sms.logs.get(filter)).results;
  return {
    pushed: await collect(() => logs({ messageId: 'text-4', generalStatus: 'DELIVERED' }), 1),
    bulks: await logs({ bulkId: ['texts', 'binaries'], limit: 100 }),
    messages: await logs({ messageId: ['text-1', 'binary-1'] }),
    filtered: await logs({
      from: 'Heliograph',
      to: '41793000001',
      generalStatus: 'DELIVERED',
      sentSince: new Date(asked.since),
      sentUntil: new Date(asked.until),
    }),
    pending: await logs({ generalStatus: 'PENDING' }),
    before: await logs({ sentUntil: new Date(asked.since) }),
  };
}

async function preview() {
  const more = { languageCode: 'TR', transliteration: 'TURKISH' };
  return [shown(await sms.preview({ text: 'Hello' })), shown(await sms.preview({ text: 'Şimdi', ...more }))];
}

async function reschedule() {
  const destinations = [to('41793000031'), to('41793000032')];
  const messages = [{ text: 'later', destinations, sendAt: new Date(asked.send_at) }];
  const later = new Date(asked.later).toISOString();
  const setStatus = async status => shown(await sms.status.update('later', status));
  const status = async () => shown(await sms.status.get('later'));
  return {
    sent: shown(await sms.send({ type: 'text', bulkId: 'later', messages })),
    scheduled: shown(await sms.scheduled.get('later')),
    pending: await status(),
    rescheduled: shown(await sms.scheduled.reschedule('later', later)),
    scheduled_again: shown(await sms.scheduled.get('later')),
    paused: [await setStatus('PAUSED'), await status()],
    resumed: [await setStatus('PENDING'), await status()],
    canceled: [await setStatus('CANCELED'), await status()],
    too_late: refused(await sms.scheduled.reschedule('later', later)),
    unknown: refused(await sms.scheduled.get('unknown')),
    reports: await collect(() => pullReports({ bulkId: 'later' }), 2),
  };
}

// With a name and a password in the query.
async function sendByQuery() {
  const { channels } = new Infobip({ baseUrl, username, password, authType: AuthType.Basic });
  const destinations = ['41793000021', '41793000022'];
  const sendAt = new Date(asked.send_at).toISOString();
  const query = { type: 'query', bulkId: 'query', to: destinations, text: 'by query', flash: true, sendAt };
  return shown(await channels.sms.send(query));
}

async function logIn() {
  const basic = new Infobip({ baseUrl, username, password, authType: AuthType.Basic });
  const { token } = shown(await basic.auth.ibsso.create());
  const session = new Infobip({ baseUrl, ibssoToken: token, authType: AuthType.IBSSO });
  const { access_token: oauthToken } = shown(await basic.auth.oauth2.create());
  const bearer = new Infobip({ baseUrl, oauthToken, authType: AuthType.OAuth });
  return {
    basic: shown(await basic.channels.sms.get()),
    session: shown(await session.channels.sms.get()),
    bearer: shown(await bearer.channels.sms.get()),
    destroyed: (await session.auth.ibsso.destroy(token)).status,
    ended: refused(await session.channels.sms.get()),
  };
}

async function beRefused() {
  const messages = [{ binary: { hex: '4' }, destinations: [to('41793000041')] }];
  // It sends no empty number.
  const nobody = [{ binary: { hex: '41' }, destinations: [to('123')] }];
  return {
    destinations: shown(await sms.send({ type: 'binary', messages: nobody })),
    hex: refused(await sms.send({ type: 'binary', messages })),
    key: refused(await withKey('wrong').channels.sms.get()),
  };
}

const told = {
  texts: await sendTexts(),
  binaries: await sendBinaries(),
  reports: await follow(),
  logs: await readLogs(),
  previews: await preview(),
  bulk: await reschedule(),
  inbox: [shown(await sms.get(1)), shown(await sms.get(10))],
  query: await sendByQuery(),
  logins: await logIn(),
  refused: await beRefused(),
};
process.stdout.write(JSON.stringify(told));

// The page: buttons, transcript and states around one call at a time.
const root = element.querySelector('.tg');
const config = JSON.parse(root.dataset.config);
const $ = name => root.querySelector('.tg-' + name);
const video = $('video');
let words = WORDS.en;
let call = null;
let chat = null;
let state = 'off';
let deaf = false;

function setState(next) {
  state = next;
  const pill = $('state');
  pill.dataset.state = next === 'idle' ? 'listening' : next;
  pill.querySelector('b').textContent = words.state[next === 'idle' && (deaf || !hasMic()) ? 'idleDeaf' : next];
  $('stop').disabled = !['speaking', 'thinking'].includes(next);
}

const hasMic = () => Boolean(call && call.microphone && $('mic').getAttribute('aria-pressed') === 'true');

function chooseLanguage(language) {
  words = WORDS[language];
  $('language').value = language;
  root.lang = language;
  for (const name of ['mic', 'camera', 'feelings', 'stop', 'send']) $(name).textContent = words[name];
  $('call').textContent = call ? words.hangUp : words.call;
  $('l-avatar').textContent = words.avatar;
  $('l-language').textContent = words.language;
  $('text').placeholder = words.type;
  $('text').setAttribute('aria-label', words.type);
  $('small').textContent = words.small;
  $('latency').querySelector('summary').textContent = words.latency;
  $('latency').querySelector('thead tr').replaceChildren(...words.columns.map(text => cell('th', text)));
  const names = $('avatar');
  names.replaceChildren(...config.avatars.map(a => new Option(a.name[language] || a.id, a.id, false, a.id === names.value)));
  const empty = $('lines').querySelector('.tg-empty');
  if (empty) empty.textContent = words.empty;
  setState(state);
}

function cell(kind, text) {
  const node = document.createElement(kind);
  node.textContent = text;
  return node;
}

// --- transcript ---

function line(kind, text, key) {
  const lines = $('lines');
  lines.querySelector('.tg-empty')?.remove();
  let node = key && lines.querySelector(`[data-key="${key}"]`);
  if (!node) {
    node = cell('div', '');
    node.className = 'tg-line tg-' + kind;
    if (key) node.dataset.key = key;
    lines.append(node);
  }
  node.textContent = text;
  lines.scrollTop = lines.scrollHeight;
  return node;
}

// Whatever makes the box smaller (the latency table, a phone's keyboard), the newest line stays in sight.
new ResizeObserver(() => { $('lines').scrollTop = $('lines').scrollHeight; }).observe($('lines'));

const join = (before, text) => before + (before && /^[\x00-\x7f]/.test(text) ? ' ' : '') + text;

const heard = {
  StateChanged: message => setState(message.state),
  UserHeard: message => line('user', message.text, 'u' + message.turn_id).classList.toggle('tg-partial', !message.final),
  AvatarSaid: message => {
    const key = 'a' + message.turn_id;
    const before = $('lines').querySelector(`[data-key="${key}"]`)?.textContent || '';
    line('bot', join(before, message.text), key);
  },
  AvatarStopped: message => line('bot', message.text + ' —', 'a' + message.turn_id),
  Notice: message => line('note', message.text),
  SpeechNotUnderstood: () => { deaf = true; line('note', words.deaf); setState(state); },
  TurnDone: showLatency,
  HandOffAsked: message => handedOff(message.summary),
  SessionEnded: () => setTimeout(() => call && call.finish('closed'), 900),  // the last words are still on their way
};

// One banner a talk: whoever asks again sees it again, with what is told now.
function handedOff(summary) {
  const node = line('note', words.handOff, 'hand-off');
  node.classList.add('tg-hand-off');
  $('lines').append(node);
  const told = document.createElement('small');
  told.textContent = words.colleagueIsTold + summary;
  node.append(told);
  $('lines').scrollTop = $('lines').scrollHeight;
}

function showLatency(turn) {
  const ms = seconds => seconds == null ? '–' : Math.round(seconds * 1000) + ' ms';
  const stage = name => {
    const found = turn.stages.find(timing => timing.stage === name);
    return found && found.first_output_s - found.started_s;
  };
  const row = document.createElement('tr');
  const values = [turn.turn_id, ms(turn.waited_s), ms(stage('hearing')), ms(stage('brain')), ms(stage('voice')), ms(turn.first_sound_s)];
  row.append(...values.map(value => cell('td', value)));
  $('latency').querySelector('tbody').prepend(row);
}

// --- the face before and between calls ---

function showIdle() {
  const avatar = $('avatar').value || config.avatar;
  video.srcObject = null;
  video.poster = `/api/avatars/${avatar}/portrait.png`;
  video.src = `/api/avatars/${avatar}/idle.mp4`;
  video.muted = video.loop = true;
  video.play().catch(() => {});
}

function showClip(address) {
  video.srcObject = null;
  video.loop = video.muted = false;
  video.src = address;
  setState('speaking');
  const done = () => { if (!call) { setState('off'); showIdle(); } };
  video.onended = done;
  video.play().catch(() => { video.controls = true; });
}

// --- a call ---

async function begin() {
  $('call').disabled = true;
  setState('connecting');
  deaf = false;
  const microphone = $('mic').getAttribute('aria-pressed') === 'true' ? await openMicrophone() : null;
  const live = new LiveCall({
    event: message => heard[message.kind]?.(message),
    media: stream => {
      video.onended = null;
      video.controls = video.loop = video.muted = false;
      video.srcObject = stream;
      video.play().catch(() => { video.controls = true; });
    },
    ended: reason => hungUp(live, reason),
  });
  call = live;
  try {
    await live.start({ avatar: $('avatar').value, language: $('language').value, iceServers: config.iceServers, microphone });
    setState('idle');
  } catch (error) {
    live.finish(null);
    line('note', error.spoken ? error.message : words.noCall);
  }
  $('call').disabled = false;
  chooseLanguage($('language').value);
  $('call').classList.toggle('tg-live', Boolean(call));
}

function hungUp(live, reason) {
  if (call !== live) return;
  call = null;
  if (reason) line('note', words[reason]);
  $('self').hidden = true;
  for (const name of ['camera', 'feelings']) $(name).setAttribute('aria-pressed', 'false');
  $('call').classList.remove('tg-live');
  setState('off');
  chooseLanguage($('language').value);
  for (const node of $('lines').querySelectorAll('[data-key]')) delete node.dataset.key;
  showIdle();
}

async function openMicrophone() {
  try {
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    return await navigator.mediaDevices.getUserMedia({ audio: wanted });
  } catch {
    line('note', words.noMic);
    $('mic').setAttribute('aria-pressed', 'false');
    return null;
  }
}

async function switchMicrophone() {
  const on = $('mic').getAttribute('aria-pressed') !== 'true';
  $('mic').setAttribute('aria-pressed', String(on));
  if (call && on && !call.microphone) {
    const stream = await openMicrophone();
    if (stream) await call.addMicrophone(stream);
  }
  if (call) call.mute(!on);
  setState(state);
}

async function switchCamera(on) {
  if (on) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 480, height: 360, frameRate: 15 } });
      if (!call) await begin();
      if (!call) return stream.getTracks().forEach(track => track.stop());
      await call.showCamera(stream);
      $('self').srcObject = stream;
    } catch {
      line('note', words.noCamera);
      on = false;
    }
  } else if (call && call.camera) {
    call.camera.getTracks().forEach(track => track.stop());
    await call.showCamera(null);
  }
  $('self').hidden = !on;
  $('camera').setAttribute('aria-pressed', String(on));
}

async function switchFeelings(on) {
  if (on && !call) await begin();
  if (!call) on = false;
  else call.send({ kind: 'feelings', on });
  $('feelings').setAttribute('aria-pressed', String(on));
}

// Nothing that looks at the user is on before they have read why.
function ask(what, then) {
  const why = $('why');
  why.querySelector('h3').textContent = words[`why${what}Title`];
  why.querySelector('p').textContent = words[`why${what}`];
  $('yes').onclick = () => { why.close(); then(); };
  $('yes').textContent = words.yes;
  $('no').textContent = words.no;
  why.showModal();
}

async function typed(event) {
  event.preventDefault();
  const text = $('text').value.trim();
  if (!text) return;
  $('text').value = '';
  if (call) return call.send({ kind: 'typed', text });
  line('user', text);
  setState('drawing');
  try {
    const answer = await asked('/api/messages', { text, avatar: $('avatar').value, language: $('language').value, chat });
    chat = answer.chat;
    line('bot', answer.text);
    if (answer.hand_off) handedOff(answer.hand_off);
    if (answer.ended) line('note', words.closed);
    if (!call) showClip(answer.clip);
  } catch (error) {
    line('note', error.message);
    if (!call) setState('off');
  }
}

// --- wiring ---

line('note', '').className = 'tg-line tg-empty';
$('avatar').replaceChildren(...config.avatars.map(a => new Option(a.id, a.id, false, a.id === config.avatar)));
const browser = (navigator.language || 'en').startsWith('zh') ? 'zh' : 'en';
chooseLanguage(config.language === 'auto' ? browser : config.language);
showIdle();
$('call').onclick = () => call ? call.finish('ended') : begin();
$('mic').onclick = switchMicrophone;
const isOn = name => $(name).getAttribute('aria-pressed') === 'true';
$('camera').onclick = () => isOn('camera') ? switchCamera(false) : ask('Camera', () => switchCamera(true));
$('feelings').onclick = () => isOn('feelings') ? switchFeelings(false) : ask('Feelings', () => switchFeelings(true));
$('no').onclick = () => $('why').close();
$('stop').onclick = () => { if (call) call.send({ kind: 'interrupt' }); else { setState('off'); showIdle(); } };
$('form').onsubmit = typed;
$('avatar').onchange = () => { if (call) call.finish('ended'); chat = null; showIdle(); };
$('language').onchange = () => {
  deaf = false;
  chooseLanguage($('language').value);
  if (call) call.send({ kind: 'language', language: $('language').value });
};
window.addEventListener('pagehide', () => call && call.finish(null));

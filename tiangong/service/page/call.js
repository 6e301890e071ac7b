// One WebRTC call. `on` holds callbacks: event(message), media(stream), ended(reason).
class LiveCall {
  constructor(on) {
    this.on = on;
    this.camera = null;
    this.microphone = null;
    this.over = false;
  }

  async start({ avatar, language, iceServers, microphone }) {
    this.microphone = microphone;
    const peer = this.peer = new RTCPeerConnection({ iceServers });
    this.channel = peer.createDataChannel('events');
    this.channel.onmessage = message => this.on.event(JSON.parse(message.data));
    // Both lines are negotiated once, with or without a device behind them; switches only swap the track.
    const sound = peer.addTransceiver('audio', { direction: 'sendrecv' });
    const picture = peer.addTransceiver('video', { direction: 'sendrecv' });
    this.soundSender = sound.sender;
    this.pictureSender = picture.sender;
    if (microphone) await sound.sender.replaceTrack(microphone.getAudioTracks()[0]);
    const stream = new MediaStream();
    peer.ontrack = event => { stream.addTrack(event.track); this.on.media(stream); };
    peer.onconnectionstatechange = () => {
      if (['failed', 'closed'].includes(peer.connectionState)) this.finish('lost');
    };
    await peer.setLocalDescription(await peer.createOffer());
    await this.gathered(1500);
    const answer = await asked('/api/calls', { sdp: peer.localDescription.sdp, avatar, language });
    if (this.over) return;
    await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    await this.connected(8000);
    this.heart = setInterval(() => this.send({ kind: 'alive' }), 2000);
  }

  gathered(longest_ms) {
    return new Promise(done => {
      if (this.peer.iceGatheringState === 'complete') return done();
      this.peer.addEventListener('icegatheringstatechange', () => this.peer.iceGatheringState === 'complete' && done());
      setTimeout(done, longest_ms);
    });
  }

  connected(longest_ms) {
    return new Promise((done, fail) => {
      if (this.channel.readyState === 'open') return done();
      this.channel.onopen = done;
      setTimeout(() => fail(new Error('no connection')), longest_ms);
    });
  }

  send(message) {
    if (this.channel && this.channel.readyState === 'open') this.channel.send(JSON.stringify(message));
  }

  mute(muted) {
    if (this.microphone) this.microphone.getAudioTracks().forEach(track => { track.enabled = !muted; });
  }

  async addMicrophone(stream) {
    this.microphone = stream;
    await this.soundSender.replaceTrack(stream.getAudioTracks()[0]);
  }

  async showCamera(stream) {
    this.camera = stream;
    await this.pictureSender.replaceTrack(stream ? stream.getVideoTracks()[0] : null);
    this.send({ kind: 'camera', on: Boolean(stream) });
  }

  finish(reason) {
    if (this.over) return;
    this.over = true;
    clearInterval(this.heart);
    this.send({ kind: 'bye' });
    for (const stream of [this.microphone, this.camera]) if (stream) stream.getTracks().forEach(track => track.stop());
    if (this.peer) setTimeout(() => this.peer.close(), 100);  // lets "bye" out
    this.on.ended(reason);
  }
}

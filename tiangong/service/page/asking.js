// What every part of the page asks the server: JSON there, JSON back; an error is the server's own line.
async function asked(address, body, method = body ? 'POST' : 'GET') {
  const sent = body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(address, { method, ...sent });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error || response.statusText), { spoken: true });
  return answer;
}

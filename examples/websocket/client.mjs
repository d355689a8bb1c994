// Sends one message to the gateway, and prints what comes: node client.mjs <message> [token]
import { WebSocket } from 'ws';

const [event, token] = process.argv.slice(2);
const headers = token ? { authorization: `Bearer ${token}` } : {};
const socket = new WebSocket(`ws://127.0.0.1:${process.env.PORT ?? 3000}/live`, { headers });

socket.on('open', () => socket.send(JSON.stringify({ event })));
socket.on('message', (text) => {
  console.log(String(text));
  socket.close(1000);
});
socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`.trim()));

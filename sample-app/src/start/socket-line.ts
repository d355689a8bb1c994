// A call of the gateway to paste into a terminal: a few lines of Node, because curl speaks no WebSocket.

/** Asks for the orders of whom the token is for, and tells what came and how the connection ended. */
export function toSocketLine(url: string, token: string): string {
  const address = `${url.replace(/^http/, 'ws')}/live`;
  const script = [
    `const socket=new(require('ws'))('${address}',{headers:{authorization:'Bearer ${token}'}})`,
    `socket.on('open',()=>socket.send(JSON.stringify({event:'orders'})))`,
    `socket.on('message',(text)=>{console.log(String(text));socket.close(1000)})`,
    `socket.on('close',(code,reason)=>console.log(code,String(reason)))`,
  ];
  return `node -e "${script.join(';')}"`;
}

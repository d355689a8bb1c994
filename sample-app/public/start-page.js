// What the start page does in the browser. Served as it stands here: no build step, no library.
import { startRefresh } from './refresh.js';
import { startRows } from './rows.js';
import { startSignIn } from './sign-in.js';
import { startSignOutTrial } from './sign-out.js';
import { startSocket } from './socket.js';
import { startToken } from './token.js';

startSignIn();
startToken();
startRows();
startRefresh();
startSocket();
startSignOutTrial();

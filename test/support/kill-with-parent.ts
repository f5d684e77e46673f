/** Preloaded into servers under test: the process ends with the harness that started it, even when that is killed. */
import { Socket } from 'node:net';

// The harness holds the other end of this pipe and never writes to it.
const pipe = new Socket({ fd: 0 });
pipe.on('error', () => undefined);
pipe.on('close', () => process.kill(process.pid, 'SIGKILL'));
pipe.resume();
pipe.unref();

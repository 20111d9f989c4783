// What a program does with @clickhouse/client and its defaults, against the store at argv[2]. Prints JSON.
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

// The package is in the directory that argv[3] names, not beside this file.
const {createClient, ClickHouseLogLevel} =
    await import(pathToFileURL(createRequire(process.argv[3] + '/').resolve('@clickhouse/client')));

const quiet = {log: {level: ClickHouseLogLevel.OFF}};
const client = createClient({url: process.argv[2], ...quiet});
const out = {};
out.ping = (await client.ping()).success;
await client.command({query: 'CREATE TABLE node (n UInt32, name String) ENGINE = MergeTree ORDER BY n'});
const values = Array.from({length: 1000}, (_, i) => ({n: i, name: `row ${i}`}));
await client.insert({table: 'node', values, format: 'JSONEachRow'});
const packed = createClient({url: process.argv[2], compression: {request: true, response: true}, ...quiet});
await packed.insert({table: 'node', values: values.map(v => ({n: v.n + 1000, name: v.name})), format: 'JSONEachRow'});
out.rows = await (await packed.query({query: 'SELECT count() AS c, sum(n) AS s FROM node'})).json();
out.parameters = await (await client.query({
  query: 'SELECT name FROM node WHERE n < {most:UInt32} ORDER BY n',
  query_params: {most: 2},
  clickhouse_settings: {max_threads: 1},
  format: 'JSONCompactEachRow',
})).json();
out.all = (await (await client.query({query: 'SELECT number FROM numbers(100000)'})).json()).rows;
let streamed = 0;
const stream = await client.query({query: 'SELECT number FROM numbers(1000000)', format: 'JSONEachRow'});
for await (const rows of stream.stream()) streamed += rows.length;
out.streamed = streamed;
try {
  await client.query({query: 'SELECT * FROM nope'});
} catch (error) {
  out.error = {code: error.code, type: error.type};
}
try {
  await createClient({url: process.argv[2], username: 'default', password: 'wrong', ...quiet}).query({query: 'SELECT 1'});
} catch (error) {
  out.refused = {code: error.code, type: error.type};
}
await client.close();
await packed.close();
console.log(JSON.stringify(out));

// A client of the Lambda Runtime API for Node.js handlers: what Postern starts where aws-lambda-ric is not installed.
//
// It does what AWS's own does for a handler: CommonJS and ES modules; promises, callbacks and context.done; streamed results; errors with
// type, message and trace. Nothing but Node.js is needed; started as `node runtime.mjs file.export`.

import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const [HOST, PORT] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const BASE = '/2018-06-01/runtime/';
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HTTP_RESPONSE = 'application/vnd.awslambda.http-integration-response';
// One connection is enough, and an idle one keeps no process alive.
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });

let current = null;

// ---- the Runtime API ----

function request(method, url, headers) {
  return http.request({ host: HOST, port: PORT, method, path: BASE + url, headers, agent });
}

function answer(outgoing) {
  return new Promise((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) }));
    });
  });
}

function call(method, url, body, headers = {}) {
  const outgoing = request(method, url, body === undefined ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) });
  const answered = answer(outgoing);
  outgoing.end(body);
  return answered;
}

function postError(url, error) {
  const headers = { 'Content-Type': 'application/json', 'Lambda-Runtime-Function-Error-Type': headerText(error.errorType) };
  return call('POST', url, JSON.stringify(error), headers);
}

function headerText(text) {
  return String(text).replace(/[^\x20-\x7e]/g, '?');
}

// ---- errors ----

function errorObject(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'message' in error && 'stack' in error)) {
    return {
      errorType: error.name ?? 'Error',
      errorMessage: error.message ?? '',
      trace: String(error.stack ?? '').split('\n'),
    };
  }
  return { errorType: typeof error, errorMessage: error === undefined ? 'undefined' : String(error), trace: [] };
}

class LoadError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

// ---- the log ----

function write(level, text) {
  const id = current ? current.id : 'undefined';
  process.stdout.write(`${new Date().toISOString()}\t${id}\t${level}\t${text}\n`);
}

for (const [name, level] of [['log', 'INFO'], ['info', 'INFO'], ['warn', 'WARN'], ['error', 'ERROR'], ['debug', 'DEBUG'], ['trace', 'TRACE']]) {
  console[name] = (...parts) => write(level, format(...parts));
}

// ---- streamed results ----

class ResponseStream extends Writable {
  constructor(id) {
    super({ highWaterMark: 64 * 1024, decodeStrings: false });
    this.requestId = id;
    this.outgoing = null;
    this.contentType = 'application/octet-stream';
    this.before = null;
  }

  setContentType(type) {
    this.contentType = type;
  }

  // Headers go out with the first byte, so that the handler can set them until then.
  open() {
    if (this.outgoing) return;
    this.outgoing = request('POST', `invocation/${this.requestId}/response`, {
      'Content-Type': this.contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    });
    this.answered = answer(this.outgoing);
    this.answered.catch((error) => this.destroy(error));
    if (this.before) {
      this.outgoing.write(this.before);
      this.outgoing.write(Buffer.alloc(8));
    }
  }

  write(chunk, ...rest) {
    if (chunk !== null && typeof chunk === 'object' && !ArrayBuffer.isView(chunk)) chunk = JSON.stringify(chunk);
    return super.write(chunk, ...rest);
  }

  _write(chunk, encoding, done) {
    this.open();
    this.outgoing.write(chunk, encoding === 'buffer' ? undefined : encoding, done);
  }

  _final(done) {
    this.open();
    this.outgoing.end();
    this.answered.then(() => done(), done);
  }

  // An error after the first byte is a trailer.
  async fail(error) {
    this.outgoing.addTrailers({
      'Lambda-Runtime-Function-Error-Type': headerText(error.errorType),
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(error)).toString('base64'),
    });
    this.outgoing.end();
    await this.answered;
  }
}

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = 'response';
    if (options && options.highWaterMark !== undefined) handler[Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')] = options.highWaterMark;
    return handler;
  },
  HttpResponseStream: class HttpResponseStream {
    static from(stream, prelude) {
      stream.setContentType(HTTP_RESPONSE);
      stream.before = JSON.stringify(prelude);
      return stream;
    }
  },
};

// ---- loading ----

async function load(handler) {
  const { dir, base } = path.parse(handler);
  const [file, ...names] = base.split('.');
  if (!file || names.length === 0 || names.includes('')) throw new LoadError('Runtime.MalformedHandlerName', 'Bad handler');
  const root = process.env.LAMBDA_TASK_ROOT ?? process.cwd();
  let found = await loadModule(path.resolve(root, dir, file), path.posix.join(dir, file));
  for (const name of names) found = found?.[name];
  if (found === undefined || found === null) throw new LoadError('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw new LoadError('Runtime.HandlerNotFound', `${handler} is not a function`);
  return found;
}

async function loadModule(base, name) {
  const file = ['.mjs', '.js', '.cjs'].map((ending) => base + ending).find((candidate) => fs.existsSync(candidate));
  if (!file) throw new LoadError('Runtime.ImportModuleError', `Error: Cannot find module '${name}'`);
  try {
    if (file.endsWith('.mjs') || (file.endsWith('.js') && isEsModule(file))) return await import(pathToFileURL(file));
    return createRequire(file)(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw new LoadError('Runtime.UserCodeSyntaxError', String(error.stack ?? error));
    if (error && (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND')) throw new LoadError('Runtime.ImportModuleError', String(error));
    throw error;
  }
}

function isEsModule(file) {
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    const manifest = path.join(directory, 'package.json');
    if (fs.existsSync(manifest)) return JSON.parse(fs.readFileSync(manifest, 'utf8')).type === 'module';
    if (directory === path.dirname(directory) || path.basename(directory) === 'node_modules') return false;
  }
}

// ---- invocations ----

function makeContext(headers, finish) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    // A header is read as Latin-1, and was written as UTF-8.
    clientContext: clientContext ? JSON.parse(Buffer.from(clientContext, 'latin1').toString('utf8')) : undefined,
    identity: undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    succeed: (result) => {
      context.callbackWaitsForEmptyEventLoop = false;
      finish(null, result);
    },
    fail: (error) => {
      context.callbackWaitsForEmptyEventLoop = false;
      finish(error ?? 'handled');
    },
    done: (error, result) => {
      context.callbackWaitsForEmptyEventLoop = false;
      finish(error, result);
    },
  };
  return context;
}

// What a handler came to: with a promise at once, with a callback when nothing else is to be done, unless it says not to wait.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let context;
    const settle = (error, result) => {
      process.removeListener('beforeExit', empty);
      if (error !== null && error !== undefined) reject(error);
      else resolve(result);
    };
    // The event loop is empty: nothing will ever call back.
    let outcome = [null, null];
    const empty = () => settle(...outcome);
    process.on('beforeExit', empty);
    const finish = (error, result) => {
      if (context.callbackWaitsForEmptyEventLoop) outcome = [error, result];
      else settle(error, result);
    };
    context = makeContext(headers, finish);
    let returned;
    try {
      returned = handler(event, context, finish);
    } catch (error) {
      settle(error);
      return;
    }
    if (returned && typeof returned.then === 'function') returned.then((result) => settle(null, result), (error) => settle(error ?? 'undefined'));
  });
}

async function runStreaming(handler, event, headers, stream) {
  const context = makeContext(headers, () => {});
  const written = finished(stream);
  // The handler's own error comes first, where it has one.
  written.catch(() => {});
  await handler(event, stream, context);
  await written;
}

async function invoke(handler, headers, body) {
  const id = headers['lambda-runtime-aws-request-id'];
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  current = { id, stream: handler[STREAMING] ? new ResponseStream(id) : null };
  try {
    const event = JSON.parse(body.toString('utf8'));
    if (current.stream) {
      await runStreaming(handler, event, headers, current.stream);
      return;
    }
    const result = await run(handler, event, headers);
    let text;
    try {
      text = JSON.stringify(result === undefined ? null : result) ?? 'null';
    } catch (error) {
      throw new LoadError('Runtime.MarshalError', `Unable to stringify response body: ${error.message}`);
    }
    const posted = await call('POST', `invocation/${id}/response`, text, { 'Content-Type': 'application/json' });
    if (posted.status >= 300) {
      write('ERROR', `The result was not taken: ${posted.status} ${posted.body}`);
      process.exit(1);
    }
  } catch (error) {
    const failure = errorObject(error);
    write('ERROR', `Invoke Error \t${JSON.stringify(failure)}`);
    await fail(failure);
  } finally {
    current = null;
  }
}

async function fail(failure) {
  if (current?.stream?.outgoing) await current.stream.fail(failure);
  else await postError(current ? `invocation/${current.id}/error` : 'init/error', failure);
}

function crash(status, label, failure) {
  write('ERROR', `${label} \t${JSON.stringify(failure)}`);
  fail(failure).finally(() => process.exit(status));
}

process.on('uncaughtException', (error) => crash(129, 'Uncaught Exception', errorObject(error)));
process.on('unhandledRejection', (reason) => {
  const { errorType, errorMessage, trace } = errorObject(reason);
  const head = `Runtime.UnhandledPromiseRejection: ${errorType}: ${errorMessage}`;
  crash(128, 'Unhandled Promise Rejection', {
    errorType: 'Runtime.UnhandledPromiseRejection',
    errorMessage: `${errorType}: ${errorMessage}`,
    trace: [head, ...trace.slice(1)],
  });
});

let handler;
try {
  handler = await load(process.argv[2] ?? '');
} catch (error) {
  const failure = errorObject(error);
  write('ERROR', `Uncaught Exception \t${JSON.stringify(failure)}`);
  await postError('init/error', failure);
  process.exit(1);
}
for (;;) {
  const next = await call('GET', 'invocation/next');
  // AWS's word for it: the container is going away.
  if (next.status !== 200) process.exit(1);
  await invoke(handler, next.headers, next.body);
}

/*
 * Client of Pets & friends (abcde12345), stage dev.
 * Generated: do not edit, generate it again.
 */
var apigClientFactory = (function () {
"use strict";

const INVOKE_URL = "http://127.0.0.1:8080/_aws/execute-api/abcde12345/dev";
const REGION = "eu-west-1";
const SERVICE = "execute-api";

const factory = {};

/* Makes a client. All settings are optional: see README.md. */
factory.newClient = function (config) {
  const core = newCore(config || {});
  const apigClient = {};

  // GET /
  apigClient.rootGet = core.method({
    name: "rootGet",
    verb: "GET",
    path: ["/"],
    query: [],
    headers: [],
    auth: "NONE"
  });

  // ANY /any/{class}
  apigClient.anyClassAny = core.method({
    name: "anyClassAny",
    verb: null,
    path: ["/any/", ["class", false]],
    query: [],
    headers: [],
    auth: "NONE"
  });

  // GET /pets, with an API key
  apigClient.petsGet = core.method({
    name: "petsGet",
    verb: "GET",
    path: ["/pets"],
    query: [["type", true], ["page-size", false]],
    headers: [["X-Trace", false]],
    auth: "NONE"
  });

  // POST /pets, authorization CUSTOM
  apigClient.petsPost = core.method({
    name: "petsPost",
    verb: "POST",
    path: ["/pets"],
    query: [],
    headers: [],
    auth: "NONE"
  });

  // PUT /pets/{petId}/{rest+}, signed with AWS credentials
  apigClient.petsPetIdRestPut = core.method({
    name: "petsPetIdRestPut",
    verb: "PUT",
    path: ["/pets/", ["petId", false], "/", ["rest", true]],
    query: [["path", false]],
    headers: [["x-amz-meta", false]],
    auth: "AWS_IAM"
  });

  return apigClient;
};

function newCore(config) {
  const settings = {
    invokeUrl: checkedUrl(config.invokeUrl || INVOKE_URL),
    region: config.region || REGION,
    accessKey: config.accessKey || "",
    secretKey: config.secretKey || "",
    sessionToken: config.sessionToken || "",
    apiKey: config.apiKey || "",
    contentType: config.defaultContentType || "application/json",
    accept: config.defaultAcceptType || "application/json",
    fetch: config.fetch || function (url, init) { return fetch(url, init); }
  };
  return {
    method: function (shape) {
      return function (params, body, additionalParams) {
        return send(settings, shape, params || {}, body, additionalParams || {});
      };
    }
  };
}

function checkedUrl(text) {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new Error("invokeUrl must be a URL of http or https without user, query and fragment");
  }
  return url.href.replace(/\/+$/, "");
}

async function send(settings, shape, params, body, extra) {
  const verb = String(shape.verb || extra.httpMethod || "").toUpperCase();
  if (!verb) {
    throw new Error(shape.name + " serves any verb: say which in additionalParams.httpMethod");
  }
  const pairs = query(shape, params, extra);
  const search = pairs.map(function (pair) { return encode(pair[0]) + "=" + encode(pair[1]); }).join("&");
  const url = new URL(settings.invokeUrl + path(shape, params) + (search ? "?" + search : ""));
  const headers = headersOf(settings, shape, params, extra);
  const bytes = bodyOf(settings, shape, verb, body, headers);
  if (shape.auth === "AWS_IAM") {
    await sign(settings, shape, verb, url, pairs, headers, bytes);
  }
  const response = await settings.fetch(url.href, { method: verb, headers: headers, body: bytes, signal: extra.signal });
  const result = {
    status: response.status,
    statusText: response.statusText,
    headers: Object.fromEntries(response.headers.entries()),
    data: extra.responseType === "arraybuffer" ? await response.arrayBuffer() : parsed(await response.text())
  };
  if (response.ok) {
    return result;
  }
  throw Object.assign(new Error(shape.name + " was answered with status " + response.status), result);
}

function has(values, name) {
  return Object.prototype.hasOwnProperty.call(values, name) && values[name] !== undefined && values[name] !== null;
}

function needed(shape, params, name) {
  if (!has(params, name)) {
    throw new Error(shape.name + " needs the parameter " + name);
  }
  return params[name];
}

function path(shape, params) {
  return shape.path.map(function (piece) {
    if (typeof piece === "string") {
      return piece;
    }
    const name = piece[0];
    const value = String(needed(shape, params, name));
    const parts = piece[1] ? value.split("/") : [value];
    // URL parsers resolve these, which would call another path.
    if (value === "" || parts.some(function (part) { return part === "." || part === ".."; })) {
      throw new Error(shape.name + " cannot have " + JSON.stringify(value) + " as " + name + " in its path");
    }
    return parts.map(encode).join("/");
  }).join("");
}

function valuesOf(shape, list, params) {
  const found = [];
  list.forEach(function (entry) {
    const value = entry[1] ? needed(shape, params, entry[0]) : has(params, entry[0]) ? params[entry[0]] : [];
    (Array.isArray(value) ? value : [value]).forEach(function (one) { found.push([entry[0], String(one)]); });
  });
  return found;
}

function query(shape, params, extra) {
  const more = extra.queryParams || {};
  const names = Object.keys(more).map(function (name) { return [name, false]; });
  return valuesOf(shape, shape.query, params).concat(valuesOf(shape, names, more));
}

function headersOf(settings, shape, params, extra) {
  const headers = { accept: settings.accept };
  if (settings.apiKey) {
    headers["x-api-key"] = settings.apiKey;
  }
  valuesOf(shape, shape.headers, params).forEach(function (pair) { headers[pair[0].toLowerCase()] = pair[1]; });
  Object.keys(extra.headers || {}).forEach(function (name) { headers[name.toLowerCase()] = String(extra.headers[name]); });
  return headers;
}

function bodyOf(settings, shape, verb, body, headers) {
  const isBytes = body instanceof ArrayBuffer || ArrayBuffer.isView(body);
  const isEmpty = body === undefined || body === null || body === "";
  if (verb === "GET" || verb === "HEAD") {
    if (isEmpty || (!isBytes && typeof body === "object" && Object.keys(body).length === 0)) {
      return undefined;
    }
    throw new Error(shape.name + " is a " + verb + " and cannot have a body");
  }
  if (isEmpty) {
    return undefined;
  }
  const isForm = ["FormData", "Blob", "URLSearchParams"].some(function (kind) {
    return typeof globalThis[kind] === "function" && body instanceof globalThis[kind];
  });
  if (isForm) {
    throw new Error(shape.name + " cannot send this body: give a string, bytes, or what becomes JSON");
  }
  if (!has(headers, "content-type")) {
    headers["content-type"] = settings.contentType;
  }
  if (isBytes) {
    return ArrayBuffer.isView(body) ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : new Uint8Array(body);
  }
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return text;
  }
}

/* RFC 3986: only unreserved characters stay. */
function encode(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, function (character) {
    return "%" + character.charCodeAt(0).toString(16).toUpperCase();
  });
}

/* Signature Version 4 over the host, the x-amz-* headers and the body. */
async function sign(settings, shape, verb, url, pairs, headers, body) {
  if (!settings.accessKey || !settings.secretKey) {
    throw new Error(shape.name + " is signed: give accessKey and secretKey to newClient");
  }
  if (!globalThis.crypto || !globalThis.crypto.subtle) {
    throw new Error(shape.name + " is signed, and this place has no Web Crypto: use https, or Node.js 20 or later");
  }
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = [time.slice(0, 8), settings.region, SERVICE, "aws4_request"];
  headers["x-amz-date"] = time;
  if (settings.sessionToken) {
    headers["x-amz-security-token"] = settings.sessionToken;
  }
  const signed = Object.keys(headers).filter(function (name) { return name.startsWith("x-amz-"); });
  const names = signed.concat("host").sort();
  const value = function (name) { return name === "host" ? url.host : headers[name].trim().replace(/[ \t]+/g, " "); };
  const canonical = [
    verb,
    canonicalPath(url.pathname),
    canonicalQuery(pairs),
    names.map(function (name) { return name + ":" + value(name) + "\n"; }).join(""),
    names.join(";"),
    hex(await digest(body || new Uint8Array(0)))
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), hex(await digest(bytesOf(canonical)))].join("\n");
  let key = bytesOf("AWS4" + settings.secretKey);
  for (const part of scope.concat(text)) {
    key = await hmac(key, part);
  }
  headers.authorization = "AWS4-HMAC-SHA256 Credential=" + settings.accessKey + "/" + scope.join("/") +
    ", SignedHeaders=" + names.join(";") + ", Signature=" + hex(key);
}

function canonicalPath(pathname) {
  const parts = pathname.split("/").filter(function (part) { return part !== ""; });
  return "/" + parts.map(encode).join("/") + (parts.length > 0 && pathname.endsWith("/") ? "/" : "");
}

function canonicalQuery(pairs) {
  const encoded = pairs.map(function (pair) { return [encode(pair[0]), encode(pair[1])]; });
  const order = function (one, other) { return one < other ? -1 : one > other ? 1 : 0; };
  encoded.sort(function (one, other) { return order(one[0], other[0]) || order(one[1], other[1]); });
  return encoded.map(function (pair) { return pair.join("="); }).join("&");
}

function bytesOf(text) {
  return new TextEncoder().encode(text);
}

function hex(bytes) {
  return Array.from(bytes, function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
}

async function digest(bytes) {
  return new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
}

async function hmac(key, text) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await globalThis.crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await globalThis.crypto.subtle.sign("HMAC", imported, bytesOf(text)));
}

return factory;
})();

if (typeof module === "object" && module.exports) {
  module.exports = apigClientFactory;
}

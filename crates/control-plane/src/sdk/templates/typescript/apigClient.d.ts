/*
 * Client of {{title}}.
 * Generated: do not edit, generate it again.
 */
export = apigClientFactory;
export as namespace apigClientFactory;

declare const apigClientFactory: {
  /** Makes a client. */
  newClient(config?: apigClientFactory.Config): apigClientFactory.ApigClient;
};

declare namespace apigClientFactory {
  interface Config {
    /** Where the stage is served. */
    invokeUrl?: string;
    /** Sent as x-api-key. */
    apiKey?: string;
    /** Credentials for methods with authorization AWS_IAM. */
    accessKey?: string;
    secretKey?: string;
    sessionToken?: string;
    region?: string;
    /** application/json unless set. */
    defaultContentType?: string;
    defaultAcceptType?: string;
    /** Sends the requests in place of the global fetch. */
    fetch?: typeof fetch;
  }

  interface AdditionalParams {
    headers?: Record<string, string>;
    queryParams?: Record<string, Value>;
    /** The verb, for methods that serve any. */
    httpMethod?: string;
    /** "arraybuffer" for a body of bytes. */
    responseType?: "arraybuffer";
    signal?: AbortSignal;
  }

  /** A parameter. Several values of one query parameter are an array. */
  type Value = string | number | boolean | ReadonlyArray<string | number | boolean>;

  /** A body that is sent as it is. Everything else is sent as JSON. */
  type Raw = string | ArrayBuffer | ArrayBufferView;

  interface Result<T> {
    status: number;
    statusText: string;
    headers: Record<string, string>;
    data: T;
  }

  /** What a call is rejected with when the status is no success. */
  interface Failure extends Error, Result<any> {}

  namespace models {
{{models}}  }

  interface ApigClient {
{{methods}}  }
}

// Handlers as they would run on AWS.
export const echo = async (event, context) => {
  console.log('a line of', context.functionName);
  return { event, requestId: context.awsRequestId, arn: context.invokedFunctionArn, pid: process.pid };
};

export const proxy = async (event) => ({ statusCode: 200, body: JSON.stringify({ hello: event.path, by: 'node' }) });

export const fail = async (event) => {
  throw new TypeError(event.why);
};

export const stream = awslambda.streamifyResponse(async (event, responseStream) => {
  responseStream.setContentType('text/plain');
  for (const piece of event.pieces) {
    responseStream.write(piece);
    await new Promise((resolve) => setTimeout(resolve, event.pauseMs));
  }
  responseStream.end();
});

export const breaks = awslambda.streamifyResponse(async (event, responseStream) => {
  responseStream.write('the beginning');
  throw new Error('and no end');
});

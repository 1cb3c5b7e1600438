// The old form: CommonJS and a callback.
exports.handler = function (event, context, callback) {
  context.callbackWaitsForEmptyEventLoop = false;
  setInterval(() => {}, 1000);
  callback(null, { event, remaining: context.getRemainingTimeInMillis() > 0 });
};

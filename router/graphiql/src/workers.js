// Monaco asks for a worker by label; these are bundled beside the page.
self.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = ['json', 'graphql'].includes(label) ? label : 'editor';
    return new Worker(`/graphiql/${name}.worker.js`);
  },
};

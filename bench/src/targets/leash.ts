/**
 * Loaded before a process of ours: when the channel to the one who started it closes, it stops as if told to. So nothing
 * outlives a benchmark, however that ends. Asked through the channel, it says what it uses: how much of the processor so far, and how much memory.
 */
process.on('disconnect', () => process.emit('SIGTERM'));
process.on('message', (message) => {
  if (message === 'usage') process.send?.({ ...process.cpuUsage(), rss: process.memoryUsage.rss() });
});
// The listeners would keep the process alive by themselves.
process.channel?.unref();
